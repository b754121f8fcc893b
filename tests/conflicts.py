"""Conflicts of transactions by hand: the error of the database that the tests run on, where a test wants it."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from django.db import DatabaseError, OperationalError, connection


def make_conflict() -> DatabaseError:
    """Return what Django raises for a deadlock (on SQLite: for a lock that another connection holds)."""
    if connection.vendor == "postgresql":
        import psycopg

        return _caused_by(psycopg.errors.DeadlockDetected("deadlock detected"))
    if connection.vendor == "mysql":
        return OperationalError(1213, "Deadlock found when trying to get lock; try restarting transaction")
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return _caused_by(busy)


def _caused_by(cause: Exception) -> DatabaseError:
    error = OperationalError(*cause.args)
    error.__cause__ = cause
    return error


class Conflicts:
    """An execute wrapper under which statements meet a conflict a number of times.

    In a transaction the statement is executed before, since what a conflict undoes is the whole transaction.

    Args:
        times: How many of them.
        statement: A regular expression for the beginning of the statements. Names are in double quotes.
    """

    def __init__(self, times: int, statement: str = "UPDATE") -> None:
        self.left = times
        self.statement = re.compile(statement)
        self.met = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not self.left or not self.statement.match(sql.replace("`", '"')):
            return execute(sql, params, many, context)
        self.left -= 1
        self.met += 1
        if connection.in_atomic_block:
            execute(sql, params, many, context)
        raise make_conflict()
