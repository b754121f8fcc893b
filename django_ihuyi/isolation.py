"""Row-wise error handling: a row that fails is logged and postponed, the others continue."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple, TypeVar

from celery.exceptions import SoftTimeLimitExceeded
from django.db import Error, InterfaceError, InternalError, OperationalError, connections, transaction
from django.db.models import Model, QuerySet

logger = logging.getLogger(__name__)

NO_ROWS_FAULT = (OperationalError, InterfaceError, InternalError, SoftTimeLimitExceeded)
"""What the next row would meet as well: the database is away, or the time is over."""

_Row = TypeVar("_Row", bound=Model)


class RowsFailedError(Exception):
    """Some rows could not be handled; the others are done.

    Attributes:
        changed: How many rows were changed.
        more: Whether there is more to do at once.
        error: What the first of the failing rows raised.
    """

    def __init__(self, changed: int, *, more: bool, error: Exception) -> None:
        super().__init__(f"rows failed: {type(error).__name__}")
        self.changed = changed
        self.more = more
        self.error = error


class Handled(NamedTuple):
    """What became of rows.

    Attributes:
        changed: How many rows were changed.
        error: What the first of the failing rows raised; None if there was none.
        failed: How many rows failed, where they are counted.
    """

    changed: int
    error: Exception | None
    failed: int = 0

    def as_step(self, *, more: bool) -> tuple[int, bool]:
        """Return what a step of the sweep returns: how many rows were changed, and whether there is more to do at once.

        Raises:
            RowsFailedError: Some rows could not be handled.
        """
        if self.error is not None:
            raise RowsFailedError(self.changed, more=more, error=self.error)
        return self.changed, more


def each_row(rows: Iterable[_Row], handle: Callable[[_Row], int], put_off: Callable[[_Row], object]) -> Handled:
    """Handle rows one by one, so that one that raises does not stop the others; each that does is in the log.

    Args:
        rows: Rows of a table.
        handle: Handles one. Returns how many rows it changed.
        put_off: Sees that a failing row is not the first to be read the next time.

    Raises:
        Exception: What the next row would meet as well (:data:`NO_ROWS_FAULT`).
    """
    changed = 0
    first: Exception | None = None
    for row in rows:
        try:
            changed += handle(row)
        except NO_ROWS_FAULT:
            raise
        except Exception as error:  # noqa: BLE001  whatever is wrong with one row is not the others' fault
            log_row(row, error)
            put_off(row)
            first = first or error
    return Handled(changed, first)


def log_row(row: Model, error: Exception) -> None:
    """Log that a row cannot be handled: which one, and the kind of error. Its text may quote the row.

    Args:
        row: The row.
        error: What it raised.
    """
    logger.error(
        "Row %s of %s cannot be handled: %s. The others are.",
        row.pk,
        row._meta.label,
        type(error).__name__,
        extra={"event": "row.failed", "model": row._meta.label, "pk": row.pk},
    )


def by_halves(rows: QuerySet[Any], keys: Sequence[Any], handle: Callable[[QuerySet[Any]], int]) -> Handled:
    """Handle many rows together; where that fails, by halves, so that only the rows stay that fail by themselves.

    Args:
        rows: The rows, under the conditions that still have to hold.
        keys: The primary keys of those to handle.
        handle: Handles those of a queryset. Returns how many it changed. It is called again with fewer rows where it
            raises, and may have handled some of them by then.

    Raises:
        Exception: What the next row would meet as well: the database is away, or the time is over.
    """
    failed: list[tuple[Any, Exception]] = []
    changed = _halved(rows, keys, handle, failed)
    if failed:
        pk, error = failed[0]
        logger.error(
            "Row %s of %s cannot be handled: %s. %d others of %d fail as well.",
            pk,
            rows.model._meta.label,
            type(error).__name__,
            len(failed) - 1,
            len(keys),
            extra={"event": "row.failed", "model": rows.model._meta.label, "pk": pk},
        )
    return Handled(changed, failed[0][1] if failed else None, len(failed))


def combined(parts: Iterable[Handled]) -> Handled:
    """Add up what became of the rows of several tables."""
    handled = list(parts)
    error = next((one.error for one in handled if one.error is not None), None)
    return Handled(sum(one.changed for one in handled), error, sum(one.failed for one in handled))


def delete(found: QuerySet[Any], rows: QuerySet[Any], *, most: int) -> Handled:
    """Delete the first of some rows. Those that cannot be deleted are passed over, so that they stop no other.

    Args:
        found: The rows, in the order in which they are deleted.
        rows: The same rows without an order: what still has to hold when they are deleted by their keys, since one may
            have been used meanwhile.
        most: How many.
    """
    done = Handled(0, None)
    more = True
    while more and done.changed < most:
        # The keys are read first: MariaDB deletes no limited subquery.
        keys = sorted(found.values_list("pk", flat=True)[done.failed : done.failed + most])
        handled = by_halves(rows, keys, delete_rows)
        done = combined([done, handled])
        # Without a failure one round does it.
        more = len(keys) == most and handled.failed > 0
    return done


def in_chunks(rows: QuerySet[Any], handle: Callable[[QuerySet[Any]], int], *, size: int = 500) -> Handled:
    """Handle all of some rows, a chunk at a time, in the order of their keys.

    Args:
        rows: The rows, without an order; their keys are numbers.
        handle: Handles those of a queryset, as for :func:`by_halves`.
        size: Rows of a chunk.
    """
    done = Handled(0, None)
    last = 0
    while keys := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:size]):
        done, last = combined([done, by_halves(rows, keys, handle)]), keys[-1]
    return done


def delete_in_chunks(rows: QuerySet[Any]) -> Handled:
    """Delete all of some rows, a chunk at a time.

    Args:
        rows: The rows, without an order; their keys are numbers.
    """
    return in_chunks(rows, delete_rows)


def delete_rows(rows: QuerySet[Any]) -> int:
    """Delete rows. Returns how many of the table itself; those that go with them are not counted."""
    return rows.delete()[1].get(rows.model._meta.label, 0)


def _halved(
    rows: QuerySet[Any],
    keys: Sequence[Any],
    handle: Callable[[QuerySet[Any]], int],
    failed: list[tuple[Any, Exception]],
) -> int:
    if not keys:
        return 0
    try:
        # A savepoint only where a transaction is open: elsewhere statements are tried again after a conflict.
        with transaction.atomic(using=rows.db) if connections[rows.db].in_atomic_block else nullcontext():
            return handle(rows.filter(pk__in=keys))
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        if isinstance(error, NO_ROWS_FAULT) and not _is_there(rows.db):
            raise
        if len(keys) == 1:
            failed.append((keys[0], error))
            return 0
    middle = len(keys) // 2
    return sum(_halved(rows, part, handle, failed) for part in (keys[:middle], keys[middle:]))


def _is_there(using: str) -> bool:
    """Whether the database still answers: a site's own trigger may refuse a row by an error as if it were away."""
    try:
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True
