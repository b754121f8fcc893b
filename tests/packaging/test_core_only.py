"""A site that has the core alone, from the wheel."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.test_core_only import COMMAND, FOLDER

from .distribution import Built, environment
from .wheel_site import install


def test_core__of_the_wheel__passes_its_tests(built: Built, tmp_path: Path) -> None:
    # pytest and what else the tests need are those of this environment.
    python = install(built.wheel_from_sdist, tmp_path / "environment", afresh=False)
    site = shutil.copytree(FOLDER, tmp_path / "site", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [python, *COMMAND],
        cwd=site,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    where = subprocess.run(
        [python, "-c", "import django_ihuyi; print(django_ihuyi.__file__)"],
        cwd=site,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert str(tmp_path) in where
