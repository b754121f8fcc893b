"""Date ranges of the dashboard in the reader's time zone, and their hours or days."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from django.db.models import Case, F, IntegerField, Value, When
from django.db.models.expressions import Combinable
from django.utils import timezone
from django.utils.functional import cached_property

from .time_slots import PER_HOUR, begin_of, slot_of

NAMES = ("today", "24h", "7d", "30d", "90d")
MAX_DAYS = 366
"""Days of a range of one's own, at the most."""

_DAYS = {"7d": 7, "30d": 30, "90d": 90}
_HOUR = timedelta(hours=1)
_BY_HOUR = 2
"""Ranges of up to so many days are cut into hours."""


@dataclass(frozen=True)
class Range:
    """A stretch of time. ``bounds`` are the half-hours with which its hours or days begin, and the one after the last.

    In a zone that is no multiple of a half-hour from UTC (Nepal's), a day begins with the half-hour of midnight.
    """

    name: str
    bounds: tuple[int, ...]
    hourly: bool
    zone: tzinfo

    @property
    def first(self) -> int:
        """The first half-hour."""
        return self.bounds[0]

    @property
    def end(self) -> int:
        """The half-hour after the last."""
        return self.bounds[-1]

    @cached_property
    def periods(self) -> tuple[tuple[int, int], ...]:
        """The hours or days: each its first half-hour and the one after its last."""
        return tuple(itertools.pairwise(self.bounds))

    def local(self, slot: int) -> datetime:
        """Return when a half-hour begins, in the reader's zone."""
        moment = begin_of(slot)
        return (timezone.make_aware(moment) if timezone.is_naive(moment) else moment).astimezone(self.zone)

    def named_by(self, begin: int) -> datetime:
        """Return the time that an hour or day is called by.

        Args:
            begin: Its first half-hour.
        """
        return self.local(begin) if self.hourly else datetime.combine(self._day(begin), datetime.min.time(), self.zone)

    @property
    def from_day(self) -> date:
        """The day on which it begins."""
        return self._day(self.first)

    @property
    def to_day(self) -> date:
        """The last day of which it has a part."""
        return self._day(self.end - 1)

    def _day(self, slot: int) -> date:
        # The half-hour that midnight is in belongs to the day that begins.
        return (self.local(slot + 1) - timedelta(microseconds=1)).date()


def named(name: str, *, now: datetime, zone: tzinfo) -> Range:
    """Make one of :data:`NAMES`.

    Args:
        name: Which.
        now: The present; a naive one is in the site's zone.
        zone: The reader's zone.
    """
    here = (timezone.make_aware(now, timezone.get_default_timezone()) if timezone.is_naive(now) else now).astimezone(
        zone
    )
    if name == "24h":
        begun = here.replace(minute=0, second=0, microsecond=0)
        return Range(name, tuple(_hours(slot_of(begun - 23 * _HOUR), slot_of(begun) + PER_HOUR)), True, zone)
    today = here.date()
    return _of_days(name, today - timedelta(days=_DAYS.get(name, 1) - 1), today, zone)


def own(first: date, last: date, *, zone: tzinfo) -> Range:
    """Make a range of whole days in the reader's zone, the last one included.

    Raises:
        ValueError: They are in the wrong order or more than :data:`MAX_DAYS`.
    """
    if not 0 <= (last - first).days < MAX_DAYS:
        raise ValueError(f"{first} to {last}")
    return _of_days("own", first, last, zone)


def _of_days(name: str, first: date, last: date, zone: tzinfo) -> Range:
    days = (last - first).days + 1
    midnights = [datetime.combine(first + timedelta(days=day), datetime.min.time(), zone) for day in range(days + 1)]
    bounds = [slot_of(midnight) for midnight in midnights]
    if days <= _BY_HOUR:
        return Range(name, tuple(_hours(bounds[0], bounds[-1])), True, zone)
    return Range(name, tuple(bounds), False, zone)


def _hours(first: int, end: int) -> Iterator[int]:
    yield from range(first, end, PER_HOUR)
    yield end


def period_of_slot(span: Range) -> Combinable:
    """Return the expression for the first half-hour of the hour or day that a row's ``slot`` is in.

    Whole-number arithmetic, because MariaDB knows time zones only where somebody has loaded them. Days of 23 or 25
    hours are runs of their own.
    """
    runs = [
        (length, list(run)) for length, run in itertools.groupby(span.periods, key=lambda period: period[1] - period[0])
    ]
    cases = []
    for length, run in runs:
        first = Value(run[0][0])
        since = F("slot") - first
        cases.append(When(slot__lt=run[-1][1], then=first + since - since % Value(length)))
    return Case(*cases, output_field=IntegerField())
