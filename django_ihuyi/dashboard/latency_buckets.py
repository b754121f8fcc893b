"""Histogram buckets of latencies, and percentiles from them."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, DateTimeField, DurationField, ExpressionWrapper, F, FloatField, Func, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Floor, Greatest, Ln
from django.db.models.lookups import GreaterThan
from django.db.models.sql.compiler import SQLCompiler

PER_DECADE = 8
BOUNDS = tuple(round(10 ** (exponent / PER_DECADE), 4) for exponent in range(-PER_DECADE, 6 * PER_DECADE + 1))
"""Seconds, from 0.1 to a million: bucket ``n`` holds what is below bound ``n`` and not below the one before.

Each is a third longer than the one before, which is how wrong a percentile can be at the most. What stands in the
tables depends on them: they cannot be changed without counting everything again.
"""


def bucket_of(seconds: float) -> int:
    """Return the bucket of a waiting time. A negative one, by the carrier's clock, is in the first."""
    return bisect_right(BOUNDS, seconds)


def bucket_until(field: str) -> Combinable:
    """Return the expression for the bucket of a message's wait until the time in ``field``, which must have one.

    It began with the call, or with the ``send_at`` of a message that was to go out later. What is longer than the last
    bound comes out in buckets beyond the last.
    """
    later = GreaterThan(F("send_at"), F("created_at"))
    began = Case(When(later, then=F("send_at")), default=F("created_at"), output_field=DateTimeField())
    # What bucket_of() does by searching: each bound is the same multiple of the one before.
    least = Greatest(seconds_until(field, began), Value(BOUNDS[0] * 0.9, output_field=FloatField()))
    return Floor(Ln(least) * Value(PER_DECADE / math.log(10)) + Value(float(PER_DECADE + 1)))


def seconds_until(field: str, began: Combinable) -> Combinable:
    """Return the expression for the seconds from a time to that in ``field``.

    Args:
        field: The name of a field.
        began: An expression for a time.
    """
    return _Seconds(ExpressionWrapper(F(field) - began, output_field=DurationField()))


class _Seconds(Func):
    """A duration in seconds. Where a database has no durations, Django keeps microseconds."""

    template = "(%(expressions)s / 1000000.0)"
    output_field = FloatField()  # pyright: ignore[reportAssignmentType]  a property there, an attribute by custom

    def as_postgresql(
        self,
        compiler: SQLCompiler,
        connection: BaseDatabaseWrapper,
        **extra_context: Any,  # noqa: ANN401  the signature that Django calls
    ) -> tuple[str, Any]:
        """Write it for PostgreSQL, which has."""
        template = "EXTRACT(EPOCH FROM %(expressions)s)::double precision"
        return self.as_sql(compiler, connection, template=template, **extra_context)


def percentile(buckets: Mapping[int, int], share: float) -> float:
    """Read a percentile.

    Args:
        buckets: How many messages are in each bucket; one at least.
        share: Which, between 0 and 1: 0.95 for p95.

    Returns:
        Seconds, between the bucket's bounds as the rank is between its messages.

    Raises:
        ValueError: There are no messages.
    """
    ordered = sorted((bucket, number) for bucket, number in buckets.items() if number)
    rank = share * sum(number for _bucket, number in ordered)
    for (bucket, number), upto in zip(ordered, accumulate(number for _bucket, number in ordered), strict=True):
        if upto >= rank:
            return _between(bucket, (rank - (upto - number)) / number)
    raise ValueError("no messages")


def _between(bucket: int, part: float) -> float:
    if bucket == 0:
        return BOUNDS[0] * part
    if bucket == len(BOUNDS):
        return BOUNDS[-1]
    return float(BOUNDS[bucket - 1] * (BOUNDS[bucket] / BOUNDS[bucket - 1]) ** part)
