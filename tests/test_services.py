"""Tests that need a service: skipped by name with the reason, and failed where services are required."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import services

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _asked_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("CI", "IHUYI_REQUIRE_SERVICES"):
        monkeypatch.delenv(name, raising=False)
    services.reachable.cache_clear()
    yield
    services.reachable.cache_clear()


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    # Port 9 of this machine: nobody listens there.
    monkeypatch.setenv("IHUYI_TEST_REDIS_URL", "redis://127.0.0.1:9")


@pytest.mark.usefixtures("no_redis")
def test_a_test_without_its_service_is_skipped_with_the_reason() -> None:
    pytest.importorskip("redis")
    with pytest.raises(pytest.skip.Exception, match="needs redis: ConnectionError"):
        services.require("redis")


@pytest.mark.usefixtures("no_redis")
@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("IHUYI_REQUIRE_SERVICES", "1")])
def test_it_fails_where_services_are_required(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(pytest.fail.Exception, match="needs redis"):
        services.require("redis")


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_saying_no_requires_nothing(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CI", value)
    assert not services.are_required()


def test_a_browser_that_is_not_there_is_missed_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    reason = services.reachable("chromium")
    assert reason is not None
    assert "chromium-browser" in reason
    (tmp_path / "chromium").write_text("#!/bin/sh\n")
    (tmp_path / "chromium").chmod(0o755)
    services.reachable.cache_clear()
    services.require("chromium")
    assert services.chromium() == str(tmp_path / "chromium")


def test_a_driver_that_is_not_installed_is_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert services.reachable("postgresql") == "its Python driver is not installed (psycopg)"


@pytest.mark.parametrize("name", ["curl", "php"])
def test_program__that_is_not_there__is_the_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert services.reachable(name) == f"FileNotFoundError: there is no {name} on the PATH"


@pytest.mark.parametrize(("told", "reason"), [("", None), ("PHP has no curl", "FileNotFoundError: PHP has no curl")])
def test_php__without_an_extension__is_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: str, reason: str | None
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "php").write_text(f"#!/bin/sh\nprintf '{told}'\n")
    (tmp_path / "php").chmod(0o755)
    assert services.reachable("php") == reason


@pytest.mark.parametrize("names", [("curl",), ("curl", "php")], ids=len)
def test_need__of_services_that_are_missing__ends_with_a_line_for_each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, names: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        services.need(*names)
    assert ended.value.code == 3
    lines = [f"not available: {name}: FileNotFoundError: there is no {name} on the PATH\n" for name in names]
    assert capsys.readouterr().out == "".join(lines)


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("tests.docs.screenshots", "chromium: FileNotFoundError"),
        # Where the extra "services" is not installed, the driver is what is missed first.
        ("tests.load --seconds 1", "(there is no program|the Python driver psycopg)"),
        (
            "tests.chaos --database sqlite --broker redis --messages 1",
            "(there is no program redis-server|the Python driver redis is not installed)",
        ),
    ],
)
def test_program_of_the_makefile__without_what_it_needs__says_so(tmp_path: Path, command: str, missing: str) -> None:
    """Those of the benchmarks have the same test in their own directory."""
    done = subprocess.run(
        [sys.executable, "-m", *command.split(" ")],
        env={**os.environ, "PATH": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (3, "")
    assert re.search(f"^not available: {missing}", done.stdout, re.MULTILINE)
