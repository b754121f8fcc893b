"""Counts messages, latencies and verification codes per half-hour into the statistics tables.

Nothing on the way of a message writes here. Each half-hour is counted anew from the messages themselves, often while
it is young and ever more rarely later (:func:`.slots.due_again`), so that a late receipt, a resend or a change by
hand is found whoever made it. To count is to replace: doing it twice changes nothing, and a sweep that is killed
leaves a lease that runs out. Of several sweeps one has a half-hour at a time.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.apps import apps
from django.db import models, transaction
from django.db.models import Count, Max, Min, Q, Sum

from django_ihuyi.china_time import TOLERANCE
from django_ihuyi.isolation import each_row
from django_ihuyi.models import Message
from django_ihuyi.models.base import without_index
from django_ihuyi.models.message_status import MessageStatus
from django_ihuyi.transactions import retry_on_conflict

from .latency_buckets import BOUNDS, bucket_until
from .models import CodeTally, MessageTally, TallySlot, WaitTally
from .time_slots import LENGTH, SETTLED, begin_of, due_again, slot_of

_Row = TypeVar("_Row", bound=models.Model)
_Tally = TypeVar("_Tally", MessageTally, WaitTally, CodeTally)

CHUNK = 20
"""Half-hours that are counted in one go, at the most."""
OPENED = 2000
"""Half-hours that are opened in one go, at the most: more than a month of them."""
BUDGET = 2.0
"""Seconds that one step takes, besides the last half-hour that it began."""
LEASE = timedelta(minutes=5)
"""How long one sweep has a half-hour for itself; longer than counting it can take."""
REMEMBERED = timedelta(hours=23)
"""After this age a group that has fewer messages than before has lost them to a clean-up: its figures stay."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """What was found of one half-hour."""

    messages: list[MessageTally]
    waits: list[WaitTally]
    codes: list[CodeTally] | None
    """None where verification codes are not installed: what was counted before stays."""
    changing: bool


def count_due(now: datetime, *, budget: float = BUDGET) -> tuple[int, bool]:
    """Open the half-hours that have begun, and count those that are due, the newest first.

    Args:
        now: The present.
        budget: Seconds after which no other half-hour is begun. One is counted in any case.

    Returns:
        How many half-hours have other figures than before, and whether there is more to do.
    """
    until = time.monotonic() + budget
    opened_all = open_slots(now)
    due = list(TallySlot.objects.filter(due_at__lte=now).order_by("-number")[:CHUNK])
    left = deque(due)

    def in_time() -> Iterator[TallySlot]:
        while left and (len(left) == len(due) or time.monotonic() < until):
            yield left.popleft()

    # One that cannot be counted is left alone until its lease is over.
    counted = each_row(in_time(), lambda slot: count(slot, now=now), lambda _slot: None)
    return counted.as_step(more=bool(left) or len(due) == CHUNK or not opened_all)


def open_slots(now: datetime) -> bool:
    """Make the rows of the half-hours from the newest known, or from the oldest message, until now.

    Returns:
        Whether that is all of them.
    """
    current = slot_of(now)
    newest = _newest()
    if newest is not None and newest > slot_of(now + TOLERANCE):
        _undo_clock_ahead(current, now)
        newest = _newest()
    if newest is None:
        oldest = Message.objects.aggregate(oldest=Min("created_at"))["oldest"]
        newest = current - 1 if oldest is None else min(slot_of(oldest), current) - 1
    _open(range(newest + 1, min(current, newest + OPENED) + 1), now)
    return bool(current <= newest + OPENED)


def _newest() -> int | None:
    number: int | None = TallySlot.objects.aggregate(newest=Max("number"))["newest"]
    return number


def _undo_clock_ahead(current: int, now: datetime) -> None:
    """Delete the slots of half-hours in the future, and make those due that were counted by a clock that was ahead.

    To such a clock every half-hour is older than it is, so that it would be counted again too late, or never.
    """
    TallySlot.objects.filter(number__gt=current).delete()
    counted = Q(counted_at__gt=now + TOLERANCE)
    opened = Q(counted_at__isnull=True, due_at__gt=now + LEASE + TOLERANCE)
    TallySlot.objects.filter(counted | opened).update(due_at=now)


def _open(numbers: Iterable[int], now: datetime) -> None:
    # Another sweep may be at the same.
    TallySlot.objects.bulk_create(
        [TallySlot(number=number, due_at=now) for number in numbers], batch_size=500, ignore_conflicts=True
    )


def recount(since: datetime, *, now: datetime) -> int:
    """Have every half-hour since a time counted anew, also those in which nothing changes any more.

    Figures of messages that are deleted by now are forgotten where the half-hour has none left of their kind.

    Args:
        since: The first half-hour is the one that this time is in.
        now: The present.

    Returns:
        How many half-hours are due.
    """
    first, last = slot_of(since), slot_of(now)
    for begin in range(first, last + 1, OPENED):
        _open(range(begin, min(begin + OPENED, last + 1)), now)
    MessageTally.objects.filter(slot__gte=first).delete()
    WaitTally.objects.filter(slot__gte=first).delete()
    if _has_codes():
        CodeTally.objects.filter(slot__gte=first).delete()
    return TallySlot.objects.filter(number__gte=first).update(due_at=now)


def count(slot: TallySlot, *, now: datetime) -> bool:
    """Count one half-hour and replace its figures.

    Args:
        slot: The half-hour, as it was read.
        now: The present.

    Returns:
        Whether its figures are others now. False as well if another sweep has it.
    """
    lease = now + LEASE
    row = TallySlot.objects.filter(pk=slot.pk)
    if not row.filter(without_index(Q(due_at=slot.due_at))).update(due_at=lease):
        return False
    began = time.monotonic()
    counted = _count(slot.number, now)
    due_at = due_again(slot.number, now=now, took=time.monotonic() - began, changing=counted.changing)
    old = now - begin_of(slot.number + 1) > REMEMBERED

    def replace() -> bool:
        with transaction.atomic(using=TallySlot.objects.db):
            # Whoever took the half-hour over, because this took longer than the lease, writes its figures too.
            if not row.filter(without_index(Q(due_at=lease))).update(due_at=due_at, counted_at=now):
                return False
            replaced = (
                _replace(slot.number, MessageTally, counted.messages, old=old),
                _replace(slot.number, WaitTally, counted.waits, old=old),
                counted.codes is not None and _replace(slot.number, CodeTally, counted.codes, old=old),
            )
        return any(replaced)

    made = [*counted.messages, *counted.waits, *(counted.codes or [])]
    return retry_on_conflict(replace, using=TallySlot.objects.db, restoring=made)


def _count(number: int, now: datetime) -> _Counted:
    begin = begin_of(number)
    made = Q(created_at__gte=begin, created_at__lt=begin + LENGTH)
    # One walk through the half-hour by index; what waited equally long comes as one row.
    rows = (
        Message.objects.filter(made)
        .annotate(
            until_accepted=bucket_until("accepted_at"),
            until_delivered=bucket_until("reported_at"),
            is_accepted=Q(accepted_at__isnull=False),
            is_reported=Q(reported_at__isnull=False),
        )
        .order_by()
        .values_list(
            "account", "category", "status", "code", "is_accepted", "until_accepted", "is_reported", "until_delivered"
        )
        .annotate(number=Count("pk"), parts=Sum("segments"), last=Max("accepted_at"))
    )
    messages: Counter[tuple[str, str, str, int | None]] = Counter()
    segments: Counter[tuple[str, str, str, int | None]] = Counter()
    waits: Counter[tuple[str, str, int]] = Counter()
    changing = False
    for account, category, status, code, accepted, acceptance, reported, report, amount, parts, last in rows:
        key = (account, category, status, code)
        messages[key] += amount
        segments[key] += parts
        if accepted:
            waits[category, WaitTally.Kind.ACCEPTED, _within(acceptance)] += amount
        if reported and status == MessageStatus.DELIVERED:
            waits[category, WaitTally.Kind.DELIVERED, _within(report)] += amount
        waiting = status in {MessageStatus.QUEUED, MessageStatus.SUBMITTING}
        changing = changing or waiting or (last is not None and now - last < SETTLED)
    return _Counted(
        messages=[
            MessageTally(
                slot=number,
                account=account,
                category=category,
                status=status,
                code=code,
                messages=amount,
                segments=segments[account, category, status, code],
            )
            for (account, category, status, code), amount in messages.items()
        ],
        waits=[
            WaitTally(slot=number, category=category, kind=kind, bucket=bucket, messages=amount)
            for (category, kind, bucket), amount in waits.items()
        ],
        codes=_count_codes(number, made) if _has_codes() else None,
        changing=changing,
    )


def _has_codes() -> bool:
    return apps.is_installed("django_ihuyi.verification")


def _count_codes(number: int, made: Q) -> list[CodeTally]:
    from django_ihuyi.verification.models import VerificationCode

    codes = VerificationCode.objects.filter(made, decoy=False).order_by().values_list("purpose")
    return [
        CodeTally(slot=number, purpose=purpose, sent=sent, entered=entered)
        for purpose, sent, entered in codes.annotate(Count("pk"), Count("entered_at"))
    ]


def _within(bucket: float) -> int:
    return min(int(bucket), len(BOUNDS))


def _replace(number: int, model: type[_Tally], rows: list[_Tally], *, old: bool) -> bool:
    """Put rows in the place of those that stand, and leave alone what is the same. Returns whether it was not."""
    standing = list(_all(model).filter(slot=number))
    lost = _lost(standing, rows) if old else set()
    wanted = [row for row in rows if row.group not in lost]
    standing = [row for row in standing if row.group not in lost]
    if Counter(map(_content, wanted)) == Counter(map(_content, standing)):
        return False
    _all(model).filter(pk__in=[row.pk for row in standing]).delete()
    _all(model).bulk_create(wanted, batch_size=500)
    return True


def _lost(standing: Iterable[_Tally], rows: Iterable[_Tally]) -> set[tuple[str, ...]]:
    """The groups that were larger: nothing but a deletion makes one smaller."""
    before: Counter[tuple[str, ...]] = Counter()
    for row in standing:
        before[row.group] += row.size
    now: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        now[row.group] += row.size
    return {group for group, size in before.items() if now[group] < size}


def _content(row: models.Model) -> tuple[object, ...]:
    return tuple(getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key)


def _all(model: type[_Row]) -> models.QuerySet[_Row]:
    return model._default_manager.all()
