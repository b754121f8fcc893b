"""What is tried again after a conflict, how often, and where not."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from django_ihuyi import transactions
from django_ihuyi.models import OptOut
from django_ihuyi.transactions import is_conflict, is_in_transaction, retry_on_conflict
from tests.concurrency import run_concurrently
from tests.conflicts import make_conflict


class Work:
    """Fails with each of some errors in turn, then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.attempts = 0

    def __call__(self) -> str:
        self.attempts += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were asked for. Nobody waits."""
    asked: list[float] = []
    monkeypatch.setattr("time.sleep", asked.append)
    return asked


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("conflicts", range(transactions.RETRIES + 1))
def test_work__with_conflicts__is_done_again(conflicts: int, pauses: list[float]) -> None:
    work = Work(*(make_conflict() for _ in range(conflicts)))
    assert retry_on_conflict(work, using="default") == "done"
    assert work.attempts == conflicts + 1
    assert len(pauses) == conflicts
    assert all(0 <= pause <= longest for pause, longest in zip(pauses, (0.1, 0.3, 0.9), strict=False))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize(
    ("errors", "attempts"),
    [
        ([make_conflict] * (transactions.RETRIES + 1), transactions.RETRIES + 1),
        ([lambda: OperationalError("server closed the connection unexpectedly")], 1),
        ([lambda: IntegrityError(1062, "Duplicate entry")], 1),
        ([lambda: ValueError(1213)], 1),
        ([make_conflict, lambda: IntegrityError("UNIQUE constraint failed")], 2),
    ],
    ids=["too many conflicts", "connection lost", "constraint", "no error of a database", "another error after one"],
)
def test_work__with_an_error_that_stays__raises_it(errors: list[Any], attempts: int) -> None:
    work = Work(*(make() for make in errors))
    last = work.errors[-1]
    with pytest.raises(type(last)) as caught:
        retry_on_conflict(work, using="default")
    assert caught.value is last
    assert work.attempts == attempts


@pytest.mark.django_db(transaction=True)
def test_conflict__after_a_long_wait_for_a_lock__is_raised(pauses: list[float]) -> None:
    work = Work(make_conflict())
    with pytest.raises(DatabaseError):
        retry_on_conflict(work, using="default", patience=-1.0)  # the statement took longer than that
    assert (work.attempts, pauses) == (1, [])


@pytest.mark.django_db(transaction=True)
def test_conflict__in_a_transaction_of_the_caller__is_raised(pauses: list[float]) -> None:
    work = Work(make_conflict())
    with pytest.raises(DatabaseError), transaction.atomic():
        retry_on_conflict(work, using="default")
    assert (work.attempts, pauses) == (1, [])


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("pauses")
def test_instances__after_a_conflict__are_what_they_were() -> None:
    row = OptOut(mobile="13800138000", reason="before")
    found: list[tuple[Any, ...]] = []

    def work() -> None:
        found.append((row.pk, row._state.adding, row.reason, hasattr(row, "noted")))
        with transaction.atomic():
            row.reason, row.noted = "changed", True  # type: ignore[attr-defined]  # any attribute
            row.save(force_insert=True)
            if len(found) <= 2:
                raise make_conflict()

    retry_on_conflict(work, using="default", restoring=[row])
    assert found == [(None, True, "before", False)] * 3
    assert OptOut.objects.get().pk == row.pk


@pytest.mark.django_db(transaction=True)
def test_transaction__open_or_not__is_known() -> None:
    assert not is_in_transaction("default")
    with transaction.atomic():
        assert is_in_transaction("default")
    assert not is_in_transaction("default")


@pytest.mark.django_db(transaction=True)
@pytest.mark.by_database
def test_deadlock__of_two_transactions__ends_with_both_done() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one lock: no two transactions wait for each other")
    first, second = (OptOut.objects.create(mobile=f"1380013800{digit}") for digit in (1, 2))
    met = threading.Barrier(2)
    attempts: list[str] = []

    def lock(name: str, *rows: OptOut) -> None:
        def work() -> None:
            attempts.append(name)
            with transaction.atomic():
                for row in rows:
                    OptOut.objects.filter(pk=row.pk).update(reason=name)
                    if attempts.count(name) == 1 and row is rows[0]:
                        met.wait(10)

        retry_on_conflict(work, using="default")

    run_concurrently(lambda: lock("one", first, second), lambda: lock("other", second, first))
    assert len(attempts) == 3
    assert len(set(OptOut.objects.values_list("reason", flat=True))) == 1


def _busy(folder: Path, *, read_first: bool) -> sqlite3.OperationalError:
    """Let SQLite refuse a write: the other connection holds the lock, or has written since this one read."""
    path = folder / "database.sqlite3"
    mine, other = (sqlite3.connect(path, timeout=0, isolation_level=None) for _ in range(2))
    with closing(mine), closing(other):
        mine.execute("PRAGMA journal_mode=WAL")
        mine.execute("CREATE TABLE numbers (number INTEGER)")
        if read_first:
            mine.execute("BEGIN")
            mine.execute("SELECT * FROM numbers").fetchall()
            other.execute("INSERT INTO numbers VALUES (1)")
        else:
            other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError) as caught:
            mine.execute("INSERT INTO numbers VALUES (2)")
    return caught.value


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own errors")
@pytest.mark.parametrize("read_first", [False, True], ids=["locked", "written since it was read"])
def test_sqlite__busy__is_a_conflict(tmp_path: Path, read_first: bool) -> None:
    cause = _busy(tmp_path, read_first=read_first)
    error = OperationalError(*cause.args)
    error.__cause__ = cause
    assert is_conflict(error, using="default")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own errors")
def test_sqlite__other_errors__are_no_conflict() -> None:
    with closing(sqlite3.connect(":memory:")) as own, pytest.raises(sqlite3.OperationalError) as caught:
        own.execute("SELECT * FROM nowhere")
    error = OperationalError(*caught.value.args)
    error.__cause__ = caught.value
    assert not is_conflict(error, using="default")
