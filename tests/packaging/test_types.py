"""What the types of the wheel are worth to a site that checks its own: ``typed`` is that site."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from .distribution import Built, run
from .wheel_site import Site, install

TYPED = Path(__file__).with_name("typed")
MYPY = """
[mypy]
strict = true
plugins = mypy_django_plugin.main

[mypy.plugins.django-stubs]
django_settings_module = "shop.settings"
"""
PYRIGHT = {
    "include": ["shop"],
    "ignore": ["shop/record.py"],
    "typeCheckingMode": "strict",
    "reportUnnecessaryTypeIgnoreComment": True,
}


@pytest.fixture(scope="module")
def typed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The typed site beside an environment that has the wheel, and the checkers of this one."""
    for name in ("mypy", "pyright"):
        pytest.importorskip(name, reason=f"needs {name}, of the extra `dev`")
    site = Site(
        install(built.wheel, tmp_path_factory.mktemp("environment"), afresh=False), tmp_path_factory.mktemp("typed")
    )
    shutil.copytree(TYPED / "shop", site.directory / "shop", ignore=shutil.ignore_patterns("__pycache__"))
    (site.directory / "mypy.ini").write_text(MYPY, "utf-8")
    (site.directory / "pyrightconfig.json").write_text(json.dumps(PYRIGHT), "utf-8")
    return site


def test_mypy_strict_agrees(typed: Site) -> None:
    assert "no issues found" in run(typed.python, "-m", "mypy", "shop", cwd=typed.directory, env=typed.environment)


def test_pyright_strict_agrees(typed: Site) -> None:
    said = run(typed.python, "-m", "pyright", "--pythonpath", typed.python, cwd=typed.directory, env=typed.environment)
    assert "0 errors, 0 warnings" in said


@pytest.mark.parametrize("checker", [("mypy", "shop"), ("pyright",)], ids=lambda checker: checker[0])
def test_a_wrong_expectation_is_found(typed: Site, checker: tuple[str, ...]) -> None:
    wrong = typed.directory / "shop" / "wrong.py"
    wrong.write_text(
        "from django_ihuyi import send_sms\n\nnumber: int = send_sms('13800138000', 'x').mobile\n", "utf-8"
    )
    try:
        with pytest.raises(AssertionError, match=r"wrong\.py"):
            run(typed.python, "-m", *checker, cwd=typed.directory, env=typed.environment)
    finally:
        wrong.unlink()
