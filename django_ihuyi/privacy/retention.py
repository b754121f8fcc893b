"""What is kept for how long, and its end: rows are deleted, texts emptied, numbers hashed, in small transactions.

A run walks each table by its primary key up to the newest row that is old enough, so that it ends however many rows
come meanwhile, and one that was stopped loses nothing: the next begins with what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from django_ihuyi import conf
from django_ihuyi.models import BalanceReading, Message, Receipt, Reply, WebhookDelivery, WebhookEndpoint
from django_ihuyi.models.lifecycle import MessageStatus
from django_ihuyi.models.webhook_delivery import ENDED, DeliveryStatus

from .numbers import MASKED, hash_rows

CHUNK = 1000
"""Rows of one transaction."""

_ENDED = (
    MessageStatus.DELIVERED,
    MessageStatus.UNDELIVERED,
    MessageStatus.REJECTED,
    MessageStatus.EXPIRED,
    MessageStatus.CANCELLED,
)
_AWAITING_RECEIPT = (MessageStatus.ACCEPTED, MessageStatus.UNKNOWN)
"""At their end once no receipt can be matched to them any more."""


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of rows that have been kept long enough.

    Attributes:
        name: What it is called in reports.
        rows: Which rows, without an order.
        clock: The indexed field by which they grow old.
        before: Older than this.
        end: Deletes or empties rows of a queryset. Returns how many of the table itself.
    """

    name: str
    rows: QuerySet[Any]
    clock: str
    before: datetime
    end: Callable[[QuerySet[Any]], int]

    def chunks(self) -> Iterator[list[int]]:
        """Read the primary keys, :data:`CHUNK` at a time."""
        newest = self._newest()
        if newest is None:
            return
        last = 0
        while True:
            left = self.rows.filter(pk__gt=last, pk__lte=newest).order_by("pk")
            keys = list(left.values_list("pk", flat=True)[:CHUNK])
            if keys:
                yield keys
                last = keys[-1]
            if len(keys) < CHUNK:
                return

    def count(self) -> int:
        """Count the rows, without a lock and without changing any."""
        return sum(map(len, self.chunks()))

    def run(self) -> Iterator[int]:
        """End the rows. Yields how many each chunk ended; safe beside workers and other runs."""
        for keys in self.chunks():
            # The condition once more: a receipt may have moved a row meanwhile.
            yield self.end(self.rows.filter(pk__in=keys))

    def _newest(self) -> int | None:
        """Return the key at which to stop. Keys grow with time, nearly: a row or two wait for the next run."""
        old = self.rows.model._default_manager.filter(**{f"{self.clock}__lt": self.before})
        newest: int | None = old.order_by(f"-{self.clock}").values_list("pk", flat=True).first()
        return newest


def jobs(now: datetime) -> list[Job]:
    """Return what is to be ended, as ``RETENTION_DAYS``, ``TEXT_RETENTION_DAYS`` and ``HASH_MOBILES_AFTER_DAYS`` say.

    Args:
        now: The present.
    """
    settings = conf.get_settings()
    found = []
    for category in Message.Category.values:
        days = settings.days_kept(category)
        if days is not None:
            before = now - timedelta(days=days)
            rows = _ended_messages(before, now).filter(category=category)
            found.append(Job(category, rows, "created_at", before, _delete))
    for name, old, clock in (
        ("receipts", _receipts, "received_at"),
        ("replies", _replies, "received_at"),
        ("balances", _readings, "read_at"),
        ("webhooks", _deliveries, "created_at"),
    ):
        days = settings.days_kept(name)
        if days is not None:
            before = now - timedelta(days=days)
            found.append(Job(name, old(before), clock, before, _delete))
    if settings.text_retention_days is not None:
        before = now - timedelta(days=settings.text_retention_days)
        # After the deletions: what is gone need not be emptied.
        texts = _ended_messages(before, now).exclude(content="", msg="", receipt_msg="")
        found.append(Job("texts", texts, "created_at", before, _empty_messages))
        replies = _replies(before).exclude(content="")
        found.append(Job("reply_texts", replies, "received_at", before, _empty_replies))
    return [*found, *_number_jobs(now)]


def _number_jobs(now: datetime) -> Iterator[Job]:
    days = conf.get_settings().hash_mobiles_after_days
    if days is None:
        return
    before = now - timedelta(days=days)
    for name, rows, clock in (
        ("message_numbers", _ended_messages(before, now), "created_at"),
        ("receipt_numbers", _receipts(before), "received_at"),
        ("reply_numbers", _replies(before), "received_at"),
    ):
        yield Job(name, rows.exclude(mobile__contains=MASKED), clock, before, hash_rows)


def purge(now: datetime) -> dict[str, int]:
    """Do all jobs to their end.

    Args:
        now: The present.

    Returns:
        How many rows each ended.
    """
    return {job.name: sum(job.run()) for job in jobs(now)}


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


def _deliveries(before: datetime) -> QuerySet[Any]:
    # What waits for an endpoint that stays off, or is deleted, waits no longer than this.
    on = WebhookEndpoint.objects.filter(pk=OuterRef("endpoint"), active=True)
    at_its_end = Q(status__in=ENDED) | Q(~Exists(on), status=DeliveryStatus.PENDING)
    return WebhookDelivery.objects.filter(at_its_end, created_at__lt=before)


def _delete(rows: QuerySet[Any]) -> int:
    return rows.delete()[1].get(rows.model._meta.label, 0)


def _empty_messages(rows: QuerySet[Any]) -> int:
    # What the gateway and the carrier said may quote the text; their codes stay.
    return rows.update(content="", msg="", receipt_msg="")


def _empty_replies(rows: QuerySet[Any]) -> int:
    return rows.update(content="")
