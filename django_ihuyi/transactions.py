"""Database transactions: retry after conflicts, and refuse to send inside of an open transaction.

This module knows no model of the package. ``using`` is the alias of a database, as in Django.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Self, TypeVar

from django.db import DatabaseError, DataError, IntegrityError, OperationalError, connections
from django.db.models import Model

T = TypeVar("T")

RETRIES = 3
"""How often a function is called again after a conflict."""
PATIENCE = 10.0
"""Seconds after the start of the first attempt in which a retry may start. A statement that has waited longer than this
for a lock would wait that long again."""
FIRST_PAUSE = 0.1
GROWTH = 3
"""The longest pause before the first retry in seconds, and the factor by which it grows. Each pause is a random part of
it, so that transactions that collided do not collide again."""


class UnseenRowError(DatabaseError):
    """A unique constraint failed because of a row that this transaction's snapshot does not contain.

    It happens on PostgreSQL with *repeatable read* and *serializable*, where not even ``SELECT ... FOR UPDATE`` returns
    such a row. A new transaction sees it.
    """


def _is_conflict_on_postgresql(error: DatabaseError) -> bool:
    """Check the SQLSTATE: 40001 is a serialization failure, 40P01 a deadlock."""
    cause = error.__cause__
    # psycopg calls it sqlstate, psycopg2 pgcode.
    return (getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)) in {"40001", "40P01"}


def _is_conflict_on_mariadb(error: DatabaseError) -> bool:
    """Check the error number: 1213 is a deadlock, 1205 a lock wait timeout, 1020 a row that changed since the snapshot.

    1205 rolls back the statement only. The rest of the transaction is rolled back when the error leaves the outermost
    ``atomic`` block.
    """
    return error.args[:1] in {(1213,), (1205,), (1020,)}


def _is_conflict_on_sqlite(error: DatabaseError) -> bool:
    """Check for SQLITE_BUSY. A transaction gets it, too, when it has read, and another one wrote before it writes."""
    code = getattr(error.__cause__, "sqlite_errorcode", 0)
    return code & 0xFF == 5  # the low byte is the primary code


_REFUSED_BY_MARIADB = frozenset({(1366,), (1300,), (3988,)})
"""Error numbers for a character that the column cannot store. The driver raises them as ``OperationalError``."""

_CONFLICTS: Mapping[str, Callable[[DatabaseError], bool]] = MappingProxyType(
    {
        "mysql": _is_conflict_on_mariadb,
        "postgresql": _is_conflict_on_postgresql,
        "sqlite": _is_conflict_on_sqlite,
    }
)


def is_conflict(error: Exception, *, using: str) -> bool:
    """Whether an error was caused by a concurrent transaction, so that a retry can succeed.

    Args:
        error: What Django raised.
        using: Which database.

    Returns:
        True for deadlocks, serialization failures, lock wait timeouts and :class:`UnseenRowError`.
    """
    if isinstance(error, UnseenRowError):
        return True
    known = _CONFLICTS.get(connections[using].vendor)
    return known is not None and isinstance(error, DatabaseError) and known(error)


def is_refusal(error: Exception) -> bool:
    """Whether an error means that a value cannot be written, so that a retry is useless.

    Args:
        error: What a statement raised.
    """
    if isinstance(error, OperationalError):
        return error.args[:1] in _REFUSED_BY_MARIADB
    return isinstance(error, DataError | IntegrityError | ValueError | OverflowError)


def is_in_transaction(using: str) -> bool:
    """Whether a transaction is open, or the connection does not commit by itself (``AUTOCOMMIT``)."""
    connection = connections[using]
    return connection.in_atomic_block or not connection.get_autocommit()


def refuse_transaction(what: str, *, using: str) -> None:
    """Raise if a transaction is open: a rollback would undo the claim, and the same thing would be sent again.

    The rule is that of Django's ``atomic(durable=True)``: the transaction that ``TestCase`` opens around a test is
    allowed.

    Args:
        what: What is to be sent, for the error message.
        using: The database that the claim is written to.

    Raises:
        RuntimeError: A transaction is open, or the connection does not commit by itself (``AUTOCOMMIT``).
    """
    connection = connections[using]
    blocks = connection.atomic_blocks
    if getattr(blocks[-1], "_from_testcase", False) if blocks else connection.get_autocommit():
        return
    raise RuntimeError(
        f"{what} is not sent inside a database transaction: if that were rolled back, it would be sent again. "
        "Let the work begin after the commit, with transaction.on_commit() or outside of the atomic block"
        + ("." if blocks else f", and leave AUTOCOMMIT out of DATABASES[{using!r}].")
    )


class _Snapshot(NamedTuple):
    """A model instance as it is in memory. Its own ``__getstate__`` takes ten times as long."""

    instance: Model
    values: dict[str, Any]
    state: dict[str, Any]
    related: dict[str, Any]

    @classmethod
    def of(cls, instance: Model) -> Self:
        state = instance._state
        return cls(instance, vars(instance).copy(), vars(state).copy(), state.fields_cache.copy())

    def restore(self) -> None:
        state = self.instance._state
        vars(self.instance).clear()
        vars(self.instance).update(self.values)
        vars(state).clear()
        vars(state).update(self.state)
        state.fields_cache = self.related.copy()


def retry_on_conflict(
    work: Callable[[], T], *, using: str, restoring: Collection[Model] = (), patience: float = PATIENCE
) -> T:
    """Call a function, and call it again up to :data:`RETRIES` times after a conflict (:func:`is_conflict`).

    Inside an open transaction it is called once: only the code that opened the transaction can start it again.

    Args:
        work: The function. It opens its transactions itself. It must be safe to call twice, since a part of it may be
            committed when it raises.
        using: The database that it writes to.
        restoring: Model instances that it changes in memory. They are restored before each retry.
        patience: Seconds after which a conflict is not followed by another try.

    Returns:
        The function's result.

    Raises:
        DatabaseError: The conflict, after the last retry.
    """
    if is_in_transaction(using):
        return work()
    give_up_at = time.monotonic() + patience
    for retry in range(RETRIES):
        before = [_Snapshot.of(instance) for instance in restoring]
        try:
            return work()
        except DatabaseError as error:
            if not is_conflict(error, using=using) or time.monotonic() > give_up_at:
                raise
        for snapshot in before:
            snapshot.restore()
        time.sleep(random.uniform(0, FIRST_PAUSE * GROWTH**retry))  # noqa: S311  jitter is no secret
    return work()
