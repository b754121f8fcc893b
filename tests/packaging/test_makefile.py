"""The Makefile's targets, on a machine that cannot build MariaDB's driver."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
PYTHON = """#!/bin/sh
echo "$*" >> "$0.log"
case "$*" in
    *services*|*mysqlclient*) echo "mysql_config not found" >&2; exit 1 ;;
esac
"""
"""Stands for the environment's Python: notes what it is asked, and cannot install MariaDB's driver."""
RUNS = {
    "test": "-m tests.databases --parameters 2",
    "test-databases": "-m tests.databases",
    "reference": "-m docs.builder.reference",
    "screenshots": "-m tests.docs.screenshots",
    "chaos": "-m tests.chaos --database sqlite --broker embedded --messages 300",
    "bench": "-m benchmarks",
    "bench-admin": "-m benchmarks.admin_pages",
    "soak": "-m benchmarks.soak",
    "docs": "-m docs.builder",
    "demo": "-m example_project.demo",
}
"""What is run last, by target."""


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)


@pytest.mark.parametrize(("target", "last"), RUNS.items(), ids=RUNS)
def test_target__where_mariadbs_driver_cannot_be_built__runs(tmp_path: Path, target: str, last: str) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)

    done = make(target, f"VENV={tmp_path / 'venv'}", "LOCKED=")

    assert done.returncode == 0, done.stderr
    asked = Path(f"{python}.log").read_text("utf-8").splitlines()
    assert asked[-1] == last
    told = "mysqlclient cannot be installed here: the tests that need it are skipped." in done.stdout
    assert told == any("mysqlclient" in line for line in asked)


def test_help__lists_every_target() -> None:
    described = re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE)
    assert "bench-admin" in described
    assert re.findall(r"^  make ([a-z-]+) ", make("help").stdout, re.MULTILINE) == described
