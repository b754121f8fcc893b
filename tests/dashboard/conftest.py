"""Messages at a fixed present, and what was counted of them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from django_ihuyi.dashboard import counters
from django_ihuyi.dashboard.models import MessageTally, TallySlot
from django_ihuyi.dashboard.time_slots import begin_of
from django_ihuyi.models import Message
from django_ihuyi.verification.models import VerificationCode

NOW = datetime(2026, 3, 5, 4, 10, tzinfo=UTC)
"""12:10 in Shanghai."""


def make_message(created_at: datetime = NOW, **values: Any) -> Message:
    """Record a message as it might have come this far."""
    fields = {"mobile": "13800138000", "content": "您的订单已发货", "created_at": created_at}
    return Message.objects.create(**{**fields, **values})


def make_delivered(
    created_at: datetime = NOW, *, accepted: float = 0.5, delivered: float = 8.0, **values: Any
) -> Message:
    """Record a message that was accepted and delivered so many seconds after it was made."""
    return make_message(
        created_at,
        **{
            "status": Message.Status.DELIVERED,
            "code": 2,
            "submitted_at": created_at,
            "accepted_at": created_at + timedelta(seconds=accepted),
            "reported_at": created_at + timedelta(seconds=delivered),
            **values,
        },
    )


def make_code(created_at: datetime = NOW, **values: Any) -> VerificationCode:
    """Record a verification code."""
    fields = {"mobile": "13800138000", "purpose": "sign-up", "nonce": "f00d", "length": 6}
    return VerificationCode.objects.create(
        **{**fields, "created_at": created_at, "expires_at": created_at + timedelta(minutes=5), **values}
    )


def count(now: datetime = NOW) -> int:
    """Count until nothing is due. Returns how often a half-hour got other figures."""
    changed, more = counters.count_due(now)
    while more:
        again, more = counters.count_due(now)
        changed += again
    return changed


def count_one(number: int, now: datetime) -> None:
    """Count one half-hour if it is due: a sweep would open all those that have passed since."""
    counters.open_slots(min(now, begin_of(number)))
    for slot in TallySlot.objects.filter(number=number, due_at__lte=now):
        counters.count(slot, now=now)


def statuses() -> dict[str, int]:
    """What all tallies together say of the statuses."""
    counts: Counter[str] = Counter()
    for tally in MessageTally.objects.all():
        counts[tally.status] += tally.messages
    return dict(counts)


def truth() -> dict[str, int]:
    """What the messages themselves say."""
    return dict(Counter(Message.objects.values_list("status", flat=True)))


def slot_numbers() -> list[int]:
    """The half-hours that are known."""
    return list(TallySlot.objects.order_by("number").values_list("number", flat=True))
