"""Every migration goes forwards and backwards, with rows and without, and ends at the same tables."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from tests import services
from tests.docs.markdown_reader import ROOT


class Make(Protocol):
    """Makes a database that is gone afterwards."""

    def __call__(self, folder: Path) -> AbstractContextManager[str]: ...


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder / 'walked.sqlite3'}"


DATABASES = [
    pytest.param(sqlite, id="sqlite"),
    pytest.param(
        lambda _folder: services.postgresql_database(), id="postgresql", marks=pytest.mark.service("postgresql")
    ),
    pytest.param(lambda _folder: services.mariadb_database(), id="mariadb", marks=pytest.mark.service("mariadb")),
]


def walk(url: str, how: str) -> str:
    """Walk through a database's migrations in a process; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.migrations.round_trip", how],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


@pytest.mark.parametrize("how", ["empty", "filled"])
@pytest.mark.parametrize("make", DATABASES)
def test_forwards_and_backwards(make: Make, how: str, tmp_path: Path) -> None:
    migrations = list((ROOT / "django_ihuyi").glob("**/migrations/[0-9]*.py"))
    with make(tmp_path) as url:
        assert walk(url, how) == f"{2 * len(migrations)} steps"
