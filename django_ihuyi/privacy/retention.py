"""Retention: delete rows, empty texts and hash mobile numbers after the configured number of days.

A run walks each table by its primary key, in small transactions, up to the newest row that is old enough. It therefore
ends while new rows arrive, and a run that was stopped loses nothing. A row that cannot be ended, for example because a
table of the site protects it, stays; the other rows and the other jobs are done.
"""

from __future__ import annotations

import logging
import math
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from celery.exceptions import SoftTimeLimitExceeded
from django.db.models import Q, QuerySet

from django_ihuyi import conf, hooks
from django_ihuyi.hooks import OldRows
from django_ihuyi.isolation import by_halves, delete_rows
from django_ihuyi.mobile_hash import hash_mobile
from django_ihuyi.models import BalanceReading, Message, Receipt, Reply
from django_ihuyi.models.message_status import MessageStatus

logger = logging.getLogger(__name__)

CHUNK = 1000
"""Rows of one transaction, unless the caller says otherwise."""

TEXTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        # What the gateway, the carrier and a client of the site's own said may quote the text; codes and times stay.
        "django_ihuyi.Message": ("content", "msg", "error", "receipt_msg"),
        # The time as it came is text from outside like any other.
        "django_ihuyi.Receipt": ("msg", "report_time_text"),
        "django_ihuyi.Reply": ("content", "reply_time_text"),
    }
)
"""The columns that ``TEXT_RETENTION_DAYS`` empties, by the model's label."""

_ENDED = (
    MessageStatus.DELIVERED,
    MessageStatus.UNDELIVERED,
    MessageStatus.REJECTED,
    MessageStatus.EXPIRED,
    MessageStatus.CANCELLED,
)
_AWAITING_RECEIPT = (MessageStatus.ACCEPTED, MessageStatus.UNKNOWN)
"""At their end once no receipt can be matched to them any more."""


class Failure(NamedTuple):
    """What went wrong.

    Attributes:
        error: What was raised, by the first of the rows.
        rows: How many rows of a chunk are left; None where the job ended there.
    """

    error: Exception
    rows: int | None


@dataclass(frozen=True, slots=True)
class RetentionJob:
    """One kind of rows that have been kept long enough, and the way to end them.

    Attributes:
        old: Which rows, and what becomes of them.
        chunk: Rows of one transaction.
        failures: What went wrong in :meth:`run`.
    """

    old: OldRows
    chunk: int = CHUNK
    failures: list[Failure] = field(default_factory=list, compare=False)

    @property
    def name(self) -> str:
        """What it is called in reports."""
        return self.old.name

    def chunks(self) -> Iterator[list[int]]:
        """Read the primary keys, those of one transaction at a time."""
        newest = self._newest()
        if newest is None:
            return
        last = 0
        while True:
            left = self.old.rows.filter(pk__gt=last, pk__lte=newest).order_by("pk")
            keys = list(left.values_list("pk", flat=True)[: self.chunk])
            if keys:
                yield keys
                last = keys[-1]
            if len(keys) < self.chunk:
                return

    def count(self) -> int:
        """Count the rows, without a lock and without changing any."""
        return sum(map(len, self.chunks()))

    def run(self) -> Iterator[int]:
        """End the rows. Yields how many each chunk ended; safe beside workers and other runs.

        Nothing is raised but for the end of a task's time: what went wrong is in ``failures``.
        """
        try:
            for keys in self.chunks():
                # The condition stands in the statement once more: a receipt may have moved a row meanwhile.
                handled = by_halves(self.old.rows, keys, self.old.end)
                if handled.error is not None:
                    self.failures.append(Failure(handled.error, handled.failed))
                yield handled.changed
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:  # noqa: BLE001  the other kinds are ended all the same
            self.failures.append(Failure(error, None))

    @property
    def error(self) -> Exception | None:
        """What :meth:`run` met first, if anything."""
        return self.failures[0].error if self.failures else None

    @property
    def left(self) -> int:
        """How many rows :meth:`run` could not end, of those that it came to."""
        return sum(failure.rows or 0 for failure in self.failures)

    def _newest(self) -> int | None:
        """Return the key at which to stop. Keys grow with time, nearly: a row or two wait for the next run."""
        clock = self.old.clock
        rows = self.old.rows.model._default_manager.filter(**{f"{clock}__lt": self.old.before})
        # A batch has one time: of equal times the last key.
        newest: int | None = rows.order_by(f"-{clock}", "-pk").values_list("pk", flat=True).first()
        return newest


def jobs(now: datetime, *, chunk: int = CHUNK) -> list[RetentionJob]:
    """Return what is to be ended, as ``RETENTION_DAYS``, ``TEXT_RETENTION_DAYS`` and ``HASH_MOBILES_AFTER_DAYS`` say,
    and what the installed features add (:meth:`.hooks.FeatureConfig.retention_jobs`).

    Args:
        now: The present.
        chunk: Rows of one transaction.
    """
    # Deletions first: what is gone need not be emptied.
    of_features = [old for config in hooks.features() for old in config.retention_jobs(now)]
    return [RetentionJob(old, chunk) for old in (*_deletions(now), *of_features, *_emptyings(now), *_hashings(now))]


def _deletions(now: datetime) -> Iterator[OldRows]:
    settings = conf.get_settings()
    for category in Message.Category.values:
        days = settings.days_kept(category)
        if days is not None:
            before = now - timedelta(days=days)
            rows = _ended_messages(before, now).filter(category=category)
            yield OldRows(category, rows, "created_at", before, delete_rows)
    for name, old, clock in (
        ("receipts", _receipts, "received_at"),
        ("replies", _replies, "received_at"),
        ("balances", _readings, "read_at"),
    ):
        days = settings.days_kept(name)
        if days is not None:
            before = now - timedelta(days=days)
            yield OldRows(name, old(before), clock, before, delete_rows)


def _emptyings(now: datetime) -> Iterator[OldRows]:
    days = conf.get_settings().text_retention_days
    if days is None:
        return
    before = now - timedelta(days=days)
    yield _emptying("texts", _ended_messages(before, now), "created_at", before)
    yield _emptying("receipt_texts", _receipts(before), "received_at", before)
    yield _emptying("reply_texts", _replies(before), "received_at", before)


def _hashings(now: datetime) -> Iterator[OldRows]:
    days = conf.get_settings().hash_mobiles_after_days
    if days is None:
        return
    before = now - timedelta(days=days)
    for name, rows, clock in (
        ("message_numbers", _ended_messages(before, now), "created_at"),
        ("receipt_numbers", _receipts(before), "received_at"),
        ("reply_numbers", _replies(before), "received_at"),
    ):
        yield OldRows(name, rows.exclude(mobile__contains=MASKED), clock, before, hash_rows)


def purge(
    now: datetime,
    *,
    time_limit: float | None = None,
    go_on_later: Callable[[], object] = lambda: None,
    chunk: int = CHUNK,
) -> dict[str, int]:
    """Do all jobs to their end.

    Args:
        now: The present.
        time_limit: Seconds after which the caller is ended by force, if it is: the purge stops in good time before.
        go_on_later: Called where it stopped for that, if it ended any row: a purge that cannot end one would stop there
            again.
        chunk: Rows of one transaction.

    Returns:
        How many rows each ended; jobs that were not begun are left out.

    Raises:
        Exception: The first that was raised, after all jobs were done as far as they could be.
    """
    ends_at = math.inf if time_limit is None else time.monotonic() + time_limit / 2
    counts: dict[str, int] = {}
    failures: list[Failure] = []
    for job in jobs(now, chunk=chunk):
        if time.monotonic() > ends_at:
            break
        counts[job.name] = 0
        for number in job.run():
            counts[job.name] += number
            if time.monotonic() > ends_at:
                break
        if job.failures:
            logger.error(
                "The purge ended %d rows of %r and could not end %d: %s.",
                counts[job.name],
                job.name,
                job.left,
                type(job.error).__name__,
                extra={"event": "purge.failed", "job": job.name, "ended": counts[job.name], "left": job.left},
            )
            failures += job.failures
    if time.monotonic() > ends_at and any(counts.values()):
        go_on_later()
    if failures:
        raise failures[0].error
    return counts


def _ended_messages(before: datetime, now: datetime) -> QuerySet[Message]:
    """Messages that nothing can happen to any more: never one that is queued or on the wire."""
    silent = min(before, now - conf.get_settings().receipt_window)
    submitted_before = Q(submitted_at__isnull=True) | Q(submitted_at__lt=before)
    ended = Q(status__in=_ENDED) & submitted_before
    given_up = Q(status__in=_AWAITING_RECEIPT, submitted_at__lt=silent)
    return Message.objects.filter(ended | given_up, created_at__lt=before)


def _receipts(before: datetime) -> QuerySet[Any]:
    # One that is still looked for is not at its end.
    return Receipt.objects.filter(received_at__lt=before, match_at__isnull=True)


def _replies(before: datetime) -> QuerySet[Any]:
    return Reply.objects.filter(received_at__lt=before)


def _readings(before: datetime) -> QuerySet[Any]:
    return BalanceReading.objects.filter(read_at__lt=before)


def _emptying(name: str, rows: QuerySet[Any], clock: str, before: datetime) -> OldRows:
    empty = dict.fromkeys(TEXTS[rows.model._meta.label], "")
    return OldRows(name, rows.exclude(**empty), clock, before, lambda some: some.update(**empty))


MASKED = "*"
"""Stands in every number that is masked or hashed already, and in no other."""


def hash_rows(rows: QuerySet[Any]) -> int:
    """Put hashes in the place of rows' numbers.

    Args:
        rows: Messages, receipts or replies, a chunk of them, under the conditions that make them old enough.

    Returns:
        How many were changed.
    """
    of_push = rows.model is not Message
    read = list(rows.only("pk", "mobile"))
    for row in read:
        row.mobile = hash_mobile(row.mobile)
        if of_push:
            # The digest of what came would tell the number to whoever tries them all.
            row.fingerprint = secrets.token_hex(32)
    changed = rows.model._default_manager.bulk_update(read, ["mobile", "fingerprint"] if of_push else ["mobile"])
    return int(changed)
