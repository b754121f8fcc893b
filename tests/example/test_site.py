"""Runs the tests in ``site`` with the example's settings, and the checks with those of a server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.distribution import ROOT, environment, run


@pytest.mark.measures_processes
def test_the_sites_own_tests(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("IHUYI_", "PYTEST_"))}
    for name in ("DATABASE_URL", "SECRET_KEY", "DEBUG", "ALLOWED_HOSTS"):
        environment.pop(name, None)
    environment |= {
        "DJANGO_SETTINGS_MODULE": "example_project.settings",
        "IHUYI_DEMO_DATA": str(tmp_path),
        "CELERY_BROKER_URL": "memory://",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--ds=example_project.settings", str(Path(__file__).parent / "site"), "-q"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


IN_PRODUCTION = {
    "DEBUG": "0",
    "HTTPS": "1",
    "SECRET_KEY": "".join(map(chr, range(33, 100))),
    "ALLOWED_HOSTS": "shop.example.com",
    "CELERY_BROKER_URL": "memory://",
    "IHUYI_ACCOUNT": "cf_shop",
    "IHUYI_API_KEY": "0123456789abcdef0123456789abcdef",
    "IHUYI_PUSH_TOKEN": "the-shops-push-token-0123456789",
}


def check_for_production(folder: Path, **more: str) -> str:
    """Run ``check --deploy`` with the example's settings as a server has them; return what it said."""
    check: list[str | Path] = [
        sys.executable,
        ROOT / "example_project" / "manage.py",
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
    ]
    return run(*check, cwd=folder, env=environment(IHUYI_DEMO_DATA=str(folder), **{**IN_PRODUCTION, **more}))


def test_in_production_the_checks_find_nothing(tmp_path: Path) -> None:
    assert check_for_production(tmp_path).strip() == "System check identified no issues (2 silenced)."


@pytest.mark.parametrize(
    ("variable", "found"),
    [
        pytest.param({"DEBUG": "1"}, "security.W018", id="debug"),
        pytest.param({"HTTPS": "0"}, "security.W008", id="plain http"),
        pytest.param({"SECRET_KEY": "short"}, "security.W009", id="short key"),
        pytest.param({"IHUYI_ACCOUNT": ""}, "django_ihuyi.W022", id="sandbox"),
    ],
)
def test_what_a_demo_may_is_found(tmp_path: Path, variable: dict[str, str], found: str) -> None:
    with pytest.raises(AssertionError, match=found):
        check_for_production(tmp_path, **variable)
