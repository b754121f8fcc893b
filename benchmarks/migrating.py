"""Whether migrations lock a large table: ``python -m benchmarks.migrating [rows]``, on each database that is here.

A million messages are in the table while each migration after the first is applied, and a reader and a writer, each
with a connection of its own, go on all the while: the longest that one of them waited is what a site would feel. More
than a second is too long. The first migration makes the tables, and has nothing to lock. So that the figures of the
harness can be judged, changes that a migration might make are measured besides, a bad one among them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import django

from tests import services

from . import report
from .sizes import size

TOO_LONG = 1.0
"""Seconds that a statement beside a migration may wait."""
TABLE = "django_ihuyi_message"
READ = f"SELECT status FROM {TABLE} WHERE id = %s"
WRITE = f"UPDATE {TABLE} SET publishes = publishes + 1 WHERE id = %s"

NUMBERS = {
    "postgresql": "SELECT n FROM generate_series(1, {rows}) n",
    "mysql": "SELECT seq FROM seq_1_to_{rows}",
    "sqlite": "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {rows}) SELECT n FROM up",
}
"""So many rows out of nothing, by the database's kind."""
_COLUMN = {"a column that may be null": f"ALTER TABLE {TABLE} ADD COLUMN measured integer NULL"}
CHANGES = {
    "postgresql": {
        **_COLUMN,
        "an index, concurrently": f"CREATE INDEX CONCURRENTLY measured ON {TABLE} (segments)",
        "an index, plainly": f"CREATE INDEX measured_plainly ON {TABLE} (segments)",
    },
    "mysql": {
        **_COLUMN,
        "an index": f"CREATE INDEX measured ON {TABLE} (segments)",
        "an index, by a copy of the table": f"ALTER TABLE {TABLE} ADD INDEX measured_copy (segments), ALGORITHM=COPY",
    },
    "sqlite": {**_COLUMN, "an index": f"CREATE INDEX measured ON {TABLE} (segments)"},
}
"""Changes by name. The last one of each database keeps writers out, which the harness has to see."""


class Witness(threading.Thread):
    """Asks the table the same thing again and again, and remembers the longest wait."""

    def __init__(self, statement: str) -> None:
        super().__init__(daemon=True)
        self.longest = 0.0
        self._statement = statement
        self._over = threading.Event()

    def run(self) -> None:
        """Ask until it is over."""
        from django.db import OperationalError, connection  # each thread has a connection of its own

        number = 0
        while not self._over.is_set():
            number += 1
            began = time.perf_counter()
            try:
                with connection.cursor() as cursor:
                    cursor.execute(self._statement, [1 + number % 1000])
            except OperationalError as error:  # SQLite's, whose patience is over
                report.line(f"  {type(error).__name__}: {error}")
            self.longest = max(self.longest, time.perf_counter() - began)
        connection.close()

    def end(self) -> float:
        """Stop asking; return the longest wait in seconds, that of a statement that still waits included."""
        self._over.set()
        self.join()
        return self.longest


@contextmanager
def witnessed(what: str) -> Iterator[dict[str, float]]:
    """Measure what readers and writers wait for while the block runs.

    Yields:
        What is measured, filled at the end: seconds by ``change``, ``reader`` and ``writer``.
    """
    witnesses = {"reader": Witness(READ), "writer": Witness(WRITE)}
    for witness in witnesses.values():
        witness.start()
    time.sleep(0.5)
    found: dict[str, float] = {}
    began = time.perf_counter()
    try:
        yield found
    finally:
        found["change"] = time.perf_counter() - began
        found |= {name: witness.end() for name, witness in witnesses.items()}
        waits = ", ".join(f"{name} waited {1000 * found[name]:.0f} ms" for name in witnesses)
        report.line(f"{what}: took {found['change']:.1f} s; at most the {waits}")


def measure(what: str, change: Callable[[], Any]) -> bool:
    """Measure one change; return whether somebody waited too long."""
    with witnessed(what) as found:
        change()
    return max(found["reader"], found["writer"]) > TOO_LONG


def fill(rows: int) -> None:
    """Record so many delivered messages with one statement."""
    from django.db import connection

    from django_ihuyi.models import Message

    message = Message(mobile="13800138000", content="您的订单已发货，请留意查收。", status="delivered", code=2)
    fields = [field for field in Message._meta.concrete_fields if not field.primary_key]
    values = [field.get_db_prep_save(field.pre_save(message, add=True), connection) for field in fields]
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    numbers = NUMBERS[connection.vendor].format(rows=rows)
    # Types are told where PostgreSQL would take every value of a SELECT for text.
    marks = ", ".join(f"CAST(%s AS {field.db_type(connection)})" for field in fields)
    marks = marks if connection.vendor == "postgresql" else ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {TABLE} ({columns}) SELECT {marks} FROM ({numbers}) AS numbers", values)


def measure_all(rows: int) -> int:
    """Measure on the database of this process.

    Returns:
        The exit status: 0; 1 where a migration keeps somebody waiting too long.
    """
    from django.core.management import call_command
    from django.db import connection

    from tests.migrations.round_trip import migrate, plan

    call_command("migrate", verbosity=0)
    fill(rows)
    first, *later = plan("django_ihuyi")
    report.line(f"{first[1]}: makes the tables, nothing to lock")
    bad = 0
    for before, after in zip([first, *later], later, strict=False):
        migrate(*before)
        bad += measure(after[1], partial(migrate, *after))
    for what, statement in CHANGES[connection.vendor].items():
        measure(what, partial(_execute, statement))
    report.line(f"migrations that kept somebody waiting for more than {TOO_LONG:g} s: {bad} of {len(later)}")
    connection.close()
    return 1 if bad else 0


def _execute(statement: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def _sqlite_database() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'measured.sqlite3'}"


def main(rows: int) -> int:
    """Measure on each database, in a process of its own.

    Returns:
        The exit status: 0; 1 where a migration keeps somebody waiting too long; 3 where a server is missing, whose part
        is left out.
    """
    status = 0
    databases = {"postgresql": services.postgresql_database, "mariadb": services.mariadb_database}
    for name, make in {"sqlite": _sqlite_database, **databases}.items():
        reason = services.reachable(name) if name in databases else None
        if reason is not None:
            report.line(f"not available: {name}: {reason}")
            status = status or services.MISSING
            continue
        report.line(f"{name}, {rows:,} messages:")
        with make() as url:
            environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
            run = [sys.executable, "-m", "benchmarks.migrating", str(rows), "here"]
            status = subprocess.run(run, env=environment, check=False).returncode or status
    return status


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else size(1_000_000, 2_000)
    if sys.argv[2:] == ["here"]:
        django.setup()
        raise SystemExit(measure_all(number))
    raise SystemExit(main(number))
