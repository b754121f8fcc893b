"""A month of a teahouse's figures, for the picture of the dashboard: written as figures, without the messages."""

from __future__ import annotations

import math
import random
from datetime import datetime, timedelta

from django_ihuyi.dashboard.latency_buckets import bucket_of
from django_ihuyi.dashboard.models import CodeTally, MessageTally, TallySlot, WaitTally
from django_ihuyi.dashboard.time_slots import slot_of
from django_ihuyi.models import BalanceReading

DAYS = 30
_CODES = (4030, 4085, 4072, 406)
_USUAL = {"notification": 0.4, "verification": 0.11}
_BAD_DAY = 9
"""On which the carrier had its troubles, so many days ago."""


def record(now: datetime) -> None:
    """Write the figures of the half-hours before the present one.

    Args:
        now: The present.
    """
    chance = random.Random(7)  # the same picture each time
    current = slot_of(now)
    first = current - DAYS * 48
    messages, waits, codes = [], [], []
    for slot in range(first, current):
        hour = ((slot + 16) % 48) / 2  # China's
        busy = max(0.03, math.sin(math.pi * (hour - 7) / 16)) if hour > 7 else 0.03
        days_ago = (current - slot) // 48
        growth = 1 + 0.012 * (DAYS - days_ago)
        for category, usual in _USUAL.items():
            number = round(100 * usual * busy * growth * chance.uniform(0.7, 1.3))
            if number:
                messages += _messages(slot, category, number, chance, bad=days_ago == _BAD_DAY)
                waits += _waits(slot, category, number, chance)
        if slot % 7 and (number := round(9 * busy * chance.uniform(0.6, 1.4))):
            codes.append(CodeTally(slot=slot, purpose="sign-up", sent=number, entered=round(number * 0.88)))
    TallySlot.objects.bulk_create(
        [TallySlot(number=slot, counted_at=now) for slot in range(first, current)],
        ignore_conflicts=True,
    )
    MessageTally.objects.bulk_create(messages)
    WaitTally.objects.bulk_create(waits)
    CodeTally.objects.bulk_create(codes)
    _record_balance(now, chance)


def _messages(slot: int, category: str, number: int, chance: random.Random, *, bad: bool) -> list[MessageTally]:
    lost = round(number * (0.22 if bad else 0.02) + chance.random() * 0.4)
    counts: dict[tuple[str, int | None], int] = {("undelivered", 2): lost}
    if chance.random() < 0.12:
        counts["rejected", chance.choice(_CODES)] = 1
    if chance.random() < 0.01:
        counts["unknown", None] = 1
    counts["delivered", 2] = number - sum(counts.values())
    return [
        MessageTally(
            slot=slot,
            account="default",
            category=category,
            status=status,
            code=code,
            messages=count,
            segments=round(count * 1.2),
        )
        for (status, code), count in counts.items()
        if count > 0
    ]


def _waits(slot: int, category: str, number: int, chance: random.Random) -> list[WaitTally]:
    return [
        WaitTally(
            slot=slot, category=category, kind=kind, bucket=bucket_of(chance.lognormvariate(mean, 0.6)), messages=1
        )
        for kind, mean in (("accepted", -1.2), ("delivered", 1.5))
        for _ in range(number)
    ]


def _record_balance(now: datetime, chance: random.Random) -> None:
    left = 14_000
    readings = []
    for hours_ago in range(DAYS * 24, -1, -2):
        left -= round(90 * chance.random())
        if left < 2_500:
            left += 20_000
        read_at = now - timedelta(hours=hours_ago)
        readings.append(BalanceReading(account="default", remaining=left, read_at=read_at))
    BalanceReading.objects.bulk_create(readings)
