"""Whether migrations lock a large table: ``python -m benchmarks.migrating [rows]``, on PostgreSQL.

A million messages are in the table while each migration after the first is applied, and a reader and a writer, each
with a connection of its own, go on all the while: the longest that one of them waited is what a site would feel. More
than a second is too long. The first migration makes the tables, and has nothing to lock. So that the figures of the
harness can be judged, three changes that a migration might make are measured besides, one of them a bad one.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import django

from tests import services

from . import report
from .purging import FILL

TOO_LONG = 1.0
"""Seconds that a statement beside a migration may wait."""
TABLE = "django_ihuyi_message"
READ = f"SELECT status FROM {TABLE} WHERE id = %s"
WRITE = f"UPDATE {TABLE} SET publishes = publishes + 1 WHERE id = %s"

CHANGES = {
    "a column that may be null": f"ALTER TABLE {TABLE} ADD COLUMN measured integer",
    "an index, concurrently": f"CREATE INDEX CONCURRENTLY measured ON {TABLE} (segments)",
    "an index, plainly": f"CREATE INDEX measured_plainly ON {TABLE} (segments)",
}
"""Changes by name. The last one keeps writers out, which the harness has to see."""


class Witness(threading.Thread):
    """Asks the table the same thing again and again, and remembers the longest wait."""

    def __init__(self, url: str, statement: str) -> None:
        super().__init__(daemon=True)
        self.longest = 0.0
        self._url = url
        self._statement = statement
        self._over = threading.Event()

    def run(self) -> None:
        """Ask until it is over."""
        import psycopg

        with psycopg.connect(self._url, autocommit=True) as connection:
            number = 0
            while not self._over.is_set():
                number += 1
                began = time.perf_counter()
                connection.execute(self._statement, [1 + number % 1000])
                self.longest = max(self.longest, time.perf_counter() - began)

    def end(self) -> float:
        """Stop asking; return the longest wait in seconds, that of a statement that still waits included."""
        self._over.set()
        self.join()
        return self.longest


@contextmanager
def witnessed(what: str, url: str) -> Iterator[dict[str, float]]:
    """Measure what readers and writers wait for while the block runs.

    Yields:
        What is measured, filled at the end: seconds by ``change``, ``reader`` and ``writer``.
    """
    witnesses = {"reader": Witness(url, READ), "writer": Witness(url, WRITE)}
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


def measure(what: str, url: str, change: Callable[[], Any]) -> bool:
    """Measure one change; return whether somebody waited too long."""
    with witnessed(what, url) as found:
        change()
    return max(found["reader"], found["writer"]) > TOO_LONG


def _measure(url: str, rows: int) -> int:
    from django.core.management import call_command
    from django.db import connection

    from tests.migrations.walking import migrate, plan

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(FILL, [rows, rows])
        cursor.execute("analyze")
    first, *later = plan("django_ihuyi")
    report.line(f"{first[1]}: makes the tables, nothing to lock")
    bad = 0
    for before, after in zip([first, *later], later, strict=False):
        migrate(*before)
        bad += measure(after[1], url, partial(migrate, *after))
    for what, statement in CHANGES.items():
        measure(what, url, partial(_execute, statement))
    report.line(f"migrations that kept somebody waiting for more than {TOO_LONG:g} s: {bad} of {len(later)}")
    return 1 if bad else 0


def _execute(statement: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)


def main(rows: int) -> int:
    """Measure.

    Returns:
        The exit status: 0; 1 where a migration keeps somebody waiting too long; 3 where PostgreSQL is missing.
    """
    if (reason := services.reachable("postgresql")) is not None:
        report.line(f"not available: postgresql: {reason}")
        return 3
    with services.postgresql_database() as url:
        os.environ["DATABASE_URL"] = url
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        django.setup()
        status = _measure(url, rows)
        from django.db import connection

        connection.close()
    return status


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
