"""A short run with real processes and real kills; ``make chaos`` is the long one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from example_project.processes import ROOT
from tests import services
from tests.e2e.processes import clean_environment

from .servers import NotAvailableError, as_user, needs_driver, program

pytestmark = pytest.mark.e2e


def _run(*options: str) -> str:
    command = [sys.executable, "-m", "tests.chaos", "--hurry", "--timeout=60", *options]
    done = subprocess.run(
        command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, timeout=240, check=False
    )
    if done.returncode == 3 and not services.are_required():
        pytest.skip(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.service("postgresql", "redis")
def test_postgresql_and_redis() -> None:
    table = _run("--database=postgresql", "--broker=redis", "--messages=120", "--kills=5", "--seed=1")
    assert "5: broker 1, child 1, database 1, web 1, worker 1" in table
    assert table.count("| 0\n") >= 10


def test_sqlite_and_the_embedded_broker() -> None:
    table = _run("--database=sqlite", "--broker=embedded", "--messages=80", "--kills=3", "--seed=2")
    assert "3: child 1, web 1, worker 1" in table
    assert table.count("| 0\n") >= 10


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotAvailableError, match="no program no-such-server"):
        program("no-such-server")
    with pytest.raises(NotAvailableError, match="driver no_such_driver is not installed"):
        needs_driver("no_such_driver")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(NotAvailableError, match="no user no-such-user"):
        as_user("no-such-user", tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert as_user("no-such-user", tmp_path) == []
