"""Runs the tests in ``site`` with the example's settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


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
