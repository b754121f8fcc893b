"""How long messages waited: the buckets that waiting times are counted in, and percentiles read from them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import timedelta
from itertools import accumulate

from django.db.models import Case, DateTimeField, DurationField, ExpressionWrapper, F, IntegerField, Value, When
from django.db.models.expressions import Combinable, Expression
from django.db.models.lookups import GreaterThan, LessThan

PER_DECADE = 8
BOUNDS = tuple(round(10 ** (exponent / PER_DECADE), 4) for exponent in range(-PER_DECADE, 6 * PER_DECADE + 1))
"""Seconds, from 0.1 to a million: bucket ``n`` holds what is below bound ``n`` and not below the one before.

Each is a third longer than the one before, which is how wrong a percentile can be at the most. What stands in the
tables depends on them: they cannot be changed without counting everything again.
"""


def bucket_of(seconds: float) -> int:
    """Return the bucket of a waiting time. A negative one, by the carrier's clock, is in the first."""
    return bisect_right(BOUNDS, seconds)


def bucket_until(field: str) -> Expression:
    """Return the expression for the bucket of a message's wait until the time in ``field``.

    It began with the call, or with the ``send_at`` of a message that was to go out later.
    """
    later = GreaterThan(F("send_at"), F("created_at"))
    began = Case(When(later, then=F("send_at")), default=F("created_at"), output_field=DateTimeField())
    wait = ExpressionWrapper(F(field) - began, output_field=DurationField())
    return _search(wait, 0, len(BOUNDS))


def _search(wait: Combinable, low: int, high: int) -> Expression:
    """Compare as a binary search does: SQLite works each comparison out by a call into Python."""
    if low == high:
        return Value(low, output_field=IntegerField())
    middle = (low + high) // 2
    below = LessThan(wait, Value(timedelta(seconds=BOUNDS[middle]), output_field=DurationField()))
    return Case(When(below, then=_search(wait, low, middle)), default=_search(wait, middle + 1, high))


def percentile(buckets: Mapping[int, int], share: float) -> float | None:
    """Read a percentile.

    Args:
        buckets: How many messages are in each bucket.
        share: Which, between 0 and 1: 0.95 for p95.

    Returns:
        Seconds, between the bucket's bounds as the rank is between its messages; None if there are none.
    """
    ordered = sorted((bucket, number) for bucket, number in buckets.items() if number)
    total = sum(number for _bucket, number in ordered)
    if not total:
        return None
    rank = share * total
    for (bucket, number), upto in zip(ordered, accumulate(number for _bucket, number in ordered), strict=True):
        if upto >= rank:
            return _between(bucket, (rank - (upto - number)) / number)
    raise AssertionError(share)  # pragma: no cover  the last sum is the total


def _between(bucket: int, part: float) -> float:
    if bucket == 0:
        return BOUNDS[0] * part
    if bucket == len(BOUNDS):
        return BOUNDS[-1]
    return float(BOUNDS[bucket - 1] * (BOUNDS[bucket] / BOUNDS[bucket - 1]) ** part)
