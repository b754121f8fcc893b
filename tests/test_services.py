"""Tests that need a service: skipped by name with the reason, and failed where services are required."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import services


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
