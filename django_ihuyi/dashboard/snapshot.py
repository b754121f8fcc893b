"""Present backlog: queued and unknown messages, missing receipts. Read by index, counted up to a cap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from django_ihuyi import conf
from django_ihuyi.models import Message, Receipt, Reply
from django_ihuyi.models.message_status import MessageStatus

CAP = 10_000
"""Messages of one status that are looked at; there are "more than" so many where that is not all."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What stands now. A number above :data:`CAP` says only that there are more."""

    waiting: int
    """Queued and due."""
    later: int
    """Queued for later."""
    oldest: datetime | None
    """Since when the message that has waited longest could have been sent."""
    unknown: int
    """Without those that staff have given up."""
    no_receipt: int
    """Accepted longer ago than ``NO_RECEIPT_HOURS``."""
    last_receipt: datetime | None
    last_reply: datetime | None
    unread: int
    """Replies that nobody has read."""

    def receipts_missing(self, now: datetime) -> bool:
        """Whether it looks as if no receipts arrived: messages lack them, and none has come for as long."""
        patience = conf.get_settings().no_receipt_after
        return bool(self.no_receipt) and (self.last_receipt is None or now - self.last_receipt > patience)


def take_snapshot(now: datetime, *, most: int = CAP) -> Snapshot:
    """Read it, in six queries.

    Args:
        now: The present.
        most: Up to how many messages of one status are counted. One more says that there are more.
    """
    due = Q(due_at__lte=now)
    # By created_at: the index on the status goes on with it. By key PostgreSQL would walk through the table for them.
    queued = Message.objects.filter(status=MessageStatus.QUEUED).order_by("created_at")[: most + 1]
    queue = queued.aggregate(
        waiting=Count("pk", filter=due), later=Count("pk", filter=~due), oldest=Min("due_at", filter=due)
    )
    long_ago = Q(accepted_at__lt=now - conf.get_settings().no_receipt_after)
    unpromised = conf.get_aliases_without_receipts()
    awaited = Message.objects.filter(status=MessageStatus.ACCEPTED).exclude(account__in=unpromised)
    accepted = awaited.order_by("created_at")[: most + 1]
    return Snapshot(
        **queue,
        unknown=Message.objects.filter(status=MessageStatus.UNKNOWN, given_up_at=None).order_by()[: most + 1].count(),
        no_receipt=accepted.aggregate(number=Count("pk", filter=long_ago))["number"],
        last_receipt=_newest(Receipt),
        last_reply=_newest(Reply),
        unread=Reply.objects.filter(read_at=None).order_by()[: most + 1].count(),
    )


def _newest(model: type[Receipt] | type[Reply]) -> datetime | None:
    newest = model._default_manager.order_by("-received_at").values_list("received_at", flat=True)[:1]
    return next(iter(newest), None)
