"""What keeps the record true when something died: lost tasks, claims that ran out, late texts, kept receipts.

Every step takes a bounded batch and is safe beside workers, pushes and other sweeps: it changes rows only through
conditional UPDATEs.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef
from django.utils import timezone

from . import conf
from .models import AccountState, Message, Receipt
from .models.lifecycle import MessageStatus
from .outbound import accounts, publishing, submission

BATCH = 500
"""Rows that one step of one sweep takes. The next sweep takes the next ones."""


def sweep() -> dict[str, int]:
    """Do every step once.

    Returns:
        How many rows each step changed: ``expired``, ``unknown``, ``published``, ``probed``, ``matched``.
    """
    now = timezone.now()
    return {
        "expired": expire(now),
        "unknown": end_claims(now),
        "published": publish_due(now),
        "probed": probe_paused(now),
        "matched": match_receipts(now),
    }


def expire(now: datetime) -> int:
    """Turn what is queued past its ``expires_at`` into ``expired``."""
    late = Message.objects.filter(status=MessageStatus.QUEUED, expires_at__lte=now).order_by("expires_at")[:BATCH]
    return sum(message.expire(now=now) for message in late)


def end_claims(now: datetime) -> int:
    """Settle what a worker claimed and never finished: nobody knows whether it went out."""
    lost = Message.objects.filter(status=MessageStatus.SUBMITTING, claimed_until__lt=now).order_by("claimed_until")[
        :BATCH
    ]
    count = 0
    for message in lost:
        error = "The worker that submitted it never came back."
        submission.lose_answer(message, conf.get_account(message.account), error=error)
        count += 1
    return count


def publish_due(now: datetime) -> int:
    """Publish what is queued and due but whose task was never published or got lost.

    What waits for a paused account is left alone: :func:`probe_paused` has it.
    """
    paused = AccountState.objects.filter(account=OuterRef("account"), paused_since__isnull=False)
    due = Message.objects.filter(~Exists(paused), status=MessageStatus.QUEUED, publish_at__lte=now)
    count = 0
    for message in due.order_by("publish_at")[:BATCH]:
        if not _publish_again(message, now):
            break
        count += 1
    return count


def probe_paused(now: datetime) -> int:
    """Try paused accounts whose next probe is due: with a waiting message, or else with a balance query."""
    count = 0
    for state in AccountState.objects.filter(paused_since__isnull=False, probe_at__lte=now):
        waiting = Message.objects.filter(account=state.account, status=MessageStatus.QUEUED, due_at__lte=now)
        message = waiting.order_by("publish_at").first()
        if message is None:
            count += accounts.probe_by_balance(state, now=now)
        else:
            count += _publish_again(message, now)
    return count


def _publish_again(message: Message, now: datetime) -> bool:
    """Publish one message, unless another sweep has done it since it was read.

    Returns:
        Whether to go on: False if the broker takes nothing.
    """
    # Written first and conditionally, so that two sweeps do not publish the same message.
    mine = Message.objects.filter(
        pk=message.pk, status=MessageStatus.QUEUED, publish_at=message.publish_at, publishes=message.publishes
    ).update(
        publish_at=publishing.publish_again_at(now, message.publishes + 1),
        publishes=message.publishes + 1,
    )
    return not mine or publishing.publish(message)


def match_receipts(now: datetime) -> int:
    """Look again for the messages of receipts that came first."""
    window = conf.get_settings().receipt_window
    kept = Receipt.objects.filter(message__isnull=True, received_at__gte=now - window).order_by("id")[:BATCH]
    return sum(Receipt.objects.match(receipt, window=window) for receipt in kept)
