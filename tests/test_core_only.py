"""The tests of a site that has the core alone, in a process of their own: Django is set up once in each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.packaging.distribution import environment

FOLDER = Path(__file__).with_name("core_only")
COMMAND = ("-m", "pytest", "-q", "-p", "no:cacheprovider")


def test_core__without_any_feature__passes_its_tests() -> None:
    done = subprocess.run(
        [sys.executable, *COMMAND],
        cwd=FOLDER,
        env=environment(PYTHONPATH=str(FOLDER.parents[1])),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
