"""Prometheus counters, read from the statistics tables.

A counter must never fall, and a message changes its status: so each is counted where it can only arrive. They begin
anew with each month of UTC, which is to Prometheus what the restart of a process is: what they cost does not grow with
the years, and a query over a rate notices nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Sum
from django.utils import timezone

from django_ihuyi.dashboard.report import CHARGED
from django_ihuyi.dashboard.time_slots import slot_of
from django_ihuyi.models.message_status import MessageStatus

from .models import CodeTally, MessageTally

if TYPE_CHECKING:
    from prometheus_client import Metric

_WHOSE = ("account", "category")
_Sums = Mapping[tuple[str, ...], int]


class _Group(NamedTuple):
    """Messages of this month that are alike."""

    account: str
    category: str
    status: str
    code: int | None
    messages: int
    segments: int


def collect(now: datetime) -> Iterator[Metric]:
    """Read this month's totals, in two queries over the half-hours of the month.

    Args:
        now: The present.
    """
    begin = slot_of(_month_of(now))
    of_month = MessageTally.objects.filter(slot__gte=begin).order_by()
    rows = of_month.values_list("account", "category", "status", "code").annotate(Sum("messages"), Sum("segments"))
    groups = [_Group(*row) for row in rows]

    def total(count: Callable[[_Group], int], *labels: str) -> _Sums:
        sums: Counter[tuple[str, ...]] = Counter()
        for group in groups:
            # int: MariaDB adds whole numbers up to decimals.
            sums[tuple(str(getattr(group, label) or "none") for label in labels)] += int(count(group))
        return +sums

    delivered, rejected = MessageStatus.DELIVERED, MessageStatus.REJECTED
    recorded = total(lambda group: group.messages, *_WHOSE)
    yield _counter("recorded", "Messages that the site handed over.", recorded, *_WHOSE)
    taken = total(lambda group: group.messages if group.status in CHARGED else 0, *_WHOSE)
    yield _counter("taken", "Messages that the gateway took.", taken, *_WHOSE)
    segments = total(lambda group: group.segments if group.status in CHARGED else 0, *_WHOSE)
    yield _counter("segments", "Segments that the gateway charged.", segments, *_WHOSE)
    reached = total(lambda group: group.messages if group.status == delivered else 0, *_WHOSE)
    yield _counter("delivered", "Messages that reached the phone.", reached, *_WHOSE)
    refused = total(lambda group: group.messages if group.status == rejected else 0, "account", "code")
    yield _counter("rejected", "Messages refused for good, by the gateway's code.", refused, "account", "code")
    codes = CodeTally.objects.filter(slot__gte=begin).order_by().values_list("purpose")
    rows_of_codes = list(codes.annotate(Sum("sent"), Sum("entered")))
    sent: _Sums = {(purpose,): int(number) for purpose, number, _entered in rows_of_codes}
    yield _counter("codes_sent", "Verification codes that were sent.", sent, "purpose")
    entered: _Sums = {(purpose,): int(number) for purpose, _sent, number in rows_of_codes}
    yield _counter("codes_entered", "Verification codes that were entered.", entered, "purpose")


def _month_of(moment: datetime) -> datetime:
    aware = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
    return aware.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _counter(name: str, what: str, sums: _Sums, *labels: str) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(f"ihuyi_{name}", what, labels=labels)
    for key, value in sorted(sums.items()):
        family.add_metric(key, value)
    return family
