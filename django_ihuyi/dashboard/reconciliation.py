"""Compares the decrease of each account's balance with the accepted segments, per day.

Both come from small tables, the readings and the half-hours of figures: what it costs depends on the days that are
asked for, never on how many messages there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from operator import itemgetter

from django.db.models import Sum
from django.utils import timezone

from django_ihuyi import conf
from django_ihuyi.dashboard.date_ranges import Range, period_of_slot
from django_ihuyi.dashboard.report import CHARGED
from django_ihuyi.dashboard.time_slots import begin_of
from django_ihuyi.models import BalanceReading
from django_ihuyi.models.message_status import MessageStatus

from .models import MessageTally

_SLACK = 20
_SLACK_SHARE = 0.02
"""Messages and share of the day's that a difference may have without being worth a look: readings and half-hours do
not begin and end at the same second, and the gateway gives back what failed."""


_BEFORE = timedelta(days=1)
"""How long before the range its first reading is compared with another."""

_Point = tuple[datetime, int]


@dataclass
class Day:
    """One account's day. All numbers are messages as the gateway counts them: segments.

    Attributes:
        spent: By how much the balance fell, from reading to reading.
        added: By how much it rose: top-ups, and what the gateway gave back.
        readings: How many readings the day has.
        sent: Segments of the day's messages that the gateway took.
        unknown: Segments of the day's messages of which nobody knows.
        without: The longest time without a reading.
    """

    account: str
    day: date
    spent: int = 0
    added: int = 0
    readings: int = 0
    sent: int = 0
    unknown: int = 0
    without: timedelta = field(default_factory=timedelta)

    @property
    def difference(self) -> int | None:
        """What was spent and not sent from here (below zero: sent and not spent); None where nothing was read."""
        return self.spent - self.sent if self.readings else None

    @property
    def is_odd(self) -> bool:
        """Whether somebody should look."""
        difference = self.difference
        return difference is not None and abs(difference) > max(_SLACK, _SLACK_SHARE * max(self.sent, self.spent))

    @property
    def is_explained(self) -> bool:
        """Whether messages that went out without an answer are enough to explain it."""
        difference = self.difference
        return difference is not None and 0 < difference <= self.unknown + _SLACK


def reconcile(span: Range) -> list[Day]:
    """Compare balances and messages, in two queries.

    Args:
        span: Days in the reader's zone. The figures count a message on the day it was made.

    Returns:
        The days that have readings or messages, the newest first, then by account.
    """
    days: dict[tuple[str, date], Day] = {}
    # What is billed in yuan, or tells no balance, cannot be held against segments.
    others = conf.get_aliases_of(lambda product: not (product.supports_balance and product.counts_messages))
    for day in (*_spent(span), *_sent(span)):
        if day.account in others:
            continue
        known = days.setdefault((day.account, day.day), day)
        if known is not day:
            known.sent, known.unknown = day.sent, day.unknown
    return sorted(days.values(), key=lambda day: (-day.day.toordinal(), day.account))


def _spent(span: Range) -> Iterator[Day]:
    """What the readings tell. A pair of them counts on the day of the later one."""
    begin = begin_of(span.first) - _BEFORE
    rows = BalanceReading.objects.filter(read_at__gte=begin, read_at__lt=begin_of(span.end))
    ordered = rows.order_by("account", "read_at", "pk").values_list("account", "read_at", "remaining")
    for account, readings in groupby(ordered.iterator(), key=itemgetter(0)):
        pairs = pairwise((_local(read_at, span), remaining) for _account, read_at, remaining in readings)
        for day, alike in groupby(pairs, key=lambda pair: pair[1][0].date()):
            if day >= span.from_day:
                yield _of_pairs(Day(account, day), alike)


def _of_pairs(day: Day, pairs: Iterable[tuple[_Point, _Point]]) -> Day:
    for (then, before), (now, after) in pairs:
        day.readings += 1
        day.spent += max(0, before - after)
        day.added += max(0, after - before)
        day.without = max(day.without, now - then)
    return day


def _sent(span: Range) -> Iterator[Day]:
    """What the figures tell."""
    tallies = (
        MessageTally.objects.filter(
            slot__gte=span.first, slot__lt=span.end, status__in=[*CHARGED, MessageStatus.UNKNOWN]
        )
        .annotate(period=period_of_slot(span))
        .order_by()
        .values_list("account", "period", "status")
        .annotate(Sum("segments"))
    )
    days: dict[tuple[str, date], Day] = {}
    for account, period, status, segments in tallies:
        date_of = span.named_by(period).date()
        day = days.setdefault((account, date_of), Day(account, date_of))
        # int: MariaDB adds whole numbers up to decimals.
        if status == MessageStatus.UNKNOWN:
            day.unknown += int(segments)
        else:
            day.sent += int(segments)
    yield from days.values()


def _local(moment: datetime, span: Range) -> datetime:
    return (timezone.make_aware(moment) if timezone.is_naive(moment) else moment).astimezone(span.zone)
