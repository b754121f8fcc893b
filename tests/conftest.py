"""What holds for the whole suite: services are asked for by marker, a language ends with its test, no test is timed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import django
import pytest
from django.core.management.commands import flush
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.sqlite3.base import DatabaseWrapper as Sqlite
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import Settings

from . import services
from .account_settings import with_products
from .selection import first_of_each_test

# A busy machine is no fault of the code.
hypothesis_settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("patient")

_LONG = frozenset({"attack", "benchmarks", "chaos", "e2e", "migrations", "races", "test_screenshots.py"})
"""Where the files are that take up to two minutes each: directories, and one file."""
FILLED = frozenset({"django_content_type", "auth_permission"})
"""The tables that migrating fills, with the same rows for each test."""


@pytest.fixture(scope="session", autouse=True)
def _quick_flush() -> Iterator[None]:
    """After each of a thousand tests Django empties all tables and fills some anew, which takes longer than most tests.

    And it empties by TRUNCATE: PostgreSQL takes up to a second for the tables of a site, whatever is in them.
    """
    operations = type(connection.ops)
    empty = _deletes if connection.vendor == "postgresql" else operations.sql_flush

    def sql_flush(self: Any, style: Any, tables: Sequence[str], **options: bool) -> list[str]:
        return empty(self, style, [table for table in tables if table not in FILLED], **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", sql_flush)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_args, **_kwargs: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _json_in_sqlite() -> Iterator[None]:
    """Model checks of Django 6.1 ask SQLite whether it knows JSON, even in a test that may use no database. It does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sqlite.features_class, "supports_json_field", True)
        yield


def _deletes(operations: Any, _style: object, tables: Sequence[str], **_options: bool) -> list[str]:
    return [f"DELETE FROM {operations.quote_name(table)}" for table in tables]


@pytest.fixture(autouse=True)
def _not_measured(request: pytest.FixtureRequest) -> Iterator[None]:
    """A measurement of coverage, where there is one, takes half the time: not for what explores at length, nor again on
    a server for what has no code of its own for that."""
    coverage: Any = sys.modules.get("coverage")
    measuring = coverage and coverage.Coverage.current()
    is_new = connection.vendor == "sqlite" or request.node.get_closest_marker("by_database") is not None
    if not measuring or (is_new and request.node.get_closest_marker("at_length") is None):
        yield
        return
    measuring.stop()
    yield
    measuring.start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A measurement of coverage goes into processes that tests start only where nothing else runs what they run:
    elsewhere it would cost a minute and a half of a whole run."""
    with pytest.MonkeyPatch.context() as patch:
        if item.get_closest_marker("measures_processes") is None:
            for name in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"):
                patch.delenv(name, raising=False)
        return (yield)


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """What a request in Chinese activated ends with its test: Django leaves it active in the thread."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _open_connection(request: pytest.FixtureRequest) -> None:
    """On SQLite, Django 6.0.0 cannot ``bulk_create`` before anything else has opened the connection; 6.0.10 can."""
    marker = request.node.get_closest_marker("django_db")
    if django.VERSION[:3] == (6, 0, 0) and marker is not None and marker.kwargs.get("transaction"):
        for alias in marker.kwargs.get("databases", [DEFAULT_DB_ALIAS]):
            connections[alias].ensure_connection()


@pytest.fixture
def use(settings: Settings) -> Callable[..., None]:
    """Set options of the account."""

    def change(**options: Any) -> None:
        account = {**settings.IHUYI["ACCOUNTS"]["default"], **options}
        settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account}}

    return change


@pytest.fixture
def delete_ihuyi(settings: Settings) -> Callable[[], None]:
    """Delete ``IHUYI`` from the settings. Django sends ``setting_changed`` when one is overridden, not when deleted."""

    def delete() -> None:
        settings.IHUYI = None
        del settings.IHUYI

    return delete


@pytest.fixture
def all_products(settings: Settings) -> None:
    """Accounts of all products: ``default``, ``abroad`` and ``voice``."""
    settings.IHUYI = with_products(settings.IHUYI)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """One more than there are processors: many tests wait for processes, servers and time-outs."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None  # pytest-xdist reads it
    return (os.cpu_count() or 1) + 1


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what a second run of the suite needs, on another database or with other versions."""
    help_text = "Run each test with this many of its parameters at the most; one marked by_database with all."
    parser.addoption("--parameters", type=int, default=None, metavar="N", help=help_text)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what ``--parameters`` does: those that come last where the test is written, whatever the order."""
    most = config.getoption("parameters")
    if most is None:
        return
    kept, left_out = first_of_each_test(items, most)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


@pytest.hookimpl(trylast=True, specname="pytest_collection_modifyitems")
def sort_long_first(items: list[pytest.Item]) -> None:
    """Begin with the files that take a minute: whoever had the last of them would work alone. Else the seed decides."""
    items.sort(key=lambda item: not _LONG.intersection(item.path.parts))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose ``service`` is not there, by name and with the reason; fail it where services are required."""
    for marker in item.iter_markers("service"):
        for name in marker.args:
            services.require(name)
