"""Balance of accounts over time, and a forecast of when it runs out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from operator import itemgetter

from django.db.models import DateTimeField, FloatField, Max, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Floor

from django_ihuyi.models import BalanceReading

from .latency_buckets import seconds_until
from .time_slots import begin_of

LOOK_BACK = timedelta(days=7)
"""How fast a balance falls is worked out from so long, or from the range that is looked at if that is longer."""
_BY_HOUR = timedelta(days=32)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)

Point = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Balance:
    """One account's balance, in messages. ``points`` are its last reading of each hour (of long ranges: day)."""

    account: str
    points: tuple[Point, ...]
    per_day: float
    """By how much it falls a day; a recharge is no rise."""

    @property
    def read_at(self) -> datetime:
        """When it was read last."""
        return self.points[-1][0]

    @property
    def remaining(self) -> int:
        """What was left then."""
        return self.points[-1][1]

    @property
    def used_up_at(self) -> datetime | None:
        """When nothing will be left, if it goes on like this; None if it does not fall, or not within ten years."""
        if self.per_day <= 0 or self.remaining / self.per_day > 3650:
            return None
        return self.read_at + _DAY * (self.remaining / self.per_day)


def read(since: datetime, *, now: datetime) -> list[Balance]:
    """Read the balances of all accounts, in one query.

    Args:
        since: The beginning of the range that is looked at.
        now: The present.
    """
    since = min(since, now - LOOK_BACK)
    period = _HOUR if now - since <= _BY_HOUR else _DAY
    readings = BalanceReading.objects.filter(read_at__gte=since)
    last = readings.annotate(period=_period(period)).order_by().values("account", "period").annotate(last=Max("pk"))
    rows = readings.filter(pk__in=last.values("last")).order_by("account", "read_at")
    return list(_balances(rows.values_list("account", "read_at", "remaining").iterator()))


def _period(length: timedelta) -> Combinable:
    """Return the expression for the number of the hour or day that a reading is of, counted in UTC.

    By arithmetic, as MariaDB knows time zones only where somebody has loaded them: ``TruncHour`` would be null for all.
    """
    began = Value(begin_of(0), output_field=DateTimeField())
    return Floor(seconds_until("read_at", began) / Value(length.total_seconds(), output_field=FloatField()))


def _balances(rows: Iterator[tuple[str, datetime, int]]) -> Iterator[Balance]:
    for account, group in groupby(rows, key=itemgetter(0)):
        points = tuple((read_at, remaining) for _account, read_at, remaining in group)
        yield Balance(account, points, _per_day(points))


def _per_day(points: tuple[Point, ...]) -> float:
    lasted = (points[-1][0] - points[0][0]) / _DAY
    fallen = sum(max(0, before - after) for (_then, before), (_now, after) in pairwise(points))
    return fallen / lasted if lasted else 0.0
