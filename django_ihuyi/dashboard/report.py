"""Statistics of a date range, read with a fixed number of queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Count, Max, Q, Sum
from django.utils.functional import cached_property

from django_ihuyi import conf
from django_ihuyi.models.message_status import MessageStatus

from .date_ranges import Range, period_of_slot
from .latency_buckets import percentile
from .models import CodeTally, MessageTally, TallySlot, WaitTally

CHARGED = (MessageStatus.ACCEPTED, MessageStatus.DELIVERED, MessageStatus.UNDELIVERED)
"""What the gateway took, and charges: what it refuses it gives back (PROTOCOL 1)."""


class Row(NamedTuple):
    """Messages of one hour or day that are alike."""

    period: int
    account: str
    category: str
    status: str
    code: int | None
    messages: int
    segments: int


@dataclass(frozen=True, slots=True)
class Share:
    """A group of messages: what the gateway took of it, what reached the phones, what it cost."""

    messages: int
    taken: int
    delivered: int
    segments: int
    """Charged ones."""
    cost: Decimal | None
    """Yuan; None where an account has no price."""

    @property
    def rate(self) -> float | None:
        """The part that was delivered of what the gateway took."""
        return self.delivered / self.taken if self.taken else None


@dataclass(frozen=True, slots=True)
class Wait:
    """How long messages of one category waited for one thing, in seconds."""

    category: str
    kind: str
    messages: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Conversion:
    """Verification codes of one purpose."""

    purpose: str
    sent: int
    entered: int

    @property
    def rate(self) -> float:
        """The part that was entered."""
        return self.entered / self.sent


@dataclass(frozen=True)
class Report:
    """The figures of a range. ``counted_at`` is when they were counted last; ``uncounted`` half-hours never were."""

    span: Range
    rows: tuple[Row, ...]
    waits: tuple[Wait, ...]
    """By kind and category."""
    waits_for: dict[str, Wait]
    """Those of all categories together, by kind."""
    codes: tuple[Conversion, ...]
    counted_at: datetime | None
    uncounted: int

    @cached_property
    def statuses(self) -> Counter[str]:
        """Messages in each status."""
        counts: Counter[str] = Counter()
        for row in self.rows:
            counts[row.status] += row.messages
        return counts

    @cached_property
    def statuses_of(self) -> dict[int, Counter[str]]:
        """Messages in each status, by the first half-hour of their hour or day; all of these are there."""
        counts: dict[int, Counter[str]] = {begin: Counter() for begin, _end in self.span.periods}
        for row in self.rows:
            counts[row.period][row.status] += row.messages
        return counts

    @cached_property
    def refusals(self) -> list[tuple[int | None, int]]:
        """The codes of what was refused for good, with how many messages, the most first; None: no answer at all."""
        counts: Counter[int | None] = Counter()
        for row in self.rows:
            if row.status == MessageStatus.REJECTED:
                counts[row.code] += row.messages
        return counts.most_common()

    @cached_property
    def total(self) -> Share:
        """All messages together."""
        return self._share(self.rows)

    @cached_property
    def shares(self) -> list[tuple[str, str, Share]]:
        """Account, category and what they have, in alphabetical order."""
        groups: dict[tuple[str, str], list[Row]] = {}
        for row in self.rows:
            groups.setdefault((row.account, row.category), []).append(row)
        return [(*group, self._share(rows)) for group, rows in sorted(groups.items())]

    @cached_property
    def all_codes(self) -> Conversion | None:
        """The codes of all purposes together; None if there are none."""
        sent = sum(code.sent for code in self.codes)
        return Conversion("", sent, sum(code.entered for code in self.codes)) if sent else None

    @cached_property
    def _prices(self) -> dict[str, Decimal | None]:
        return {account: conf.get_price(account) for account in {row.account for row in self.rows}}

    def _share(self, rows: Iterable[Row]) -> Share:
        segments: Counter[str] = Counter()
        messages: Counter[str] = Counter()
        for row in rows:
            messages[row.status] += row.messages
            segments[row.account] += row.segments if row.status in CHARGED else 0
        costs = [
            None if (price := self._prices[account]) is None else price * number
            for account, number in segments.items()
            if number
        ]
        return Share(
            messages=messages.total(),
            taken=sum(messages[status] for status in CHARGED),
            delivered=messages[MessageStatus.DELIVERED],
            segments=segments.total(),
            cost=None if not costs or None in costs else sum((cost for cost in costs if cost is not None), Decimal()),
        )


def read_report(span: Range) -> Report:
    """Read a range's figures, in four queries.

    Args:
        span: The range.
    """
    within = Q(slot__gte=span.first, slot__lt=span.end)
    tallies = (
        MessageTally.objects.filter(within)
        .annotate(period=period_of_slot(span))
        .order_by()
        .values_list("period", "account", "category", "status", "code")
        .annotate(Sum("messages"), Sum("segments"))
    )
    codes = CodeTally.objects.filter(within).order_by("purpose").values_list("purpose")
    counted = TallySlot.objects.filter(number__gte=span.first, number__lt=span.end).aggregate(
        last=Max("counted_at"), uncounted=Count("pk", filter=Q(counted_at__isnull=True))
    )
    buckets = _read_waits(within)
    together: dict[str, Counter[int]] = {}
    for (kind, _category), counts in buckets.items():
        together.setdefault(kind, Counter()).update(counts)
    return Report(
        span=span,
        rows=tuple(map(_row, tallies)),
        waits=tuple(_wait(kind, category, counts) for (kind, category), counts in buckets.items()),
        waits_for={kind: _wait(kind, "", counts) for kind, counts in together.items()},
        codes=tuple(
            Conversion(purpose, int(sent), int(entered))
            for purpose, sent, entered in codes.annotate(Sum("sent"), Sum("entered"))
        ),
        counted_at=counted["last"],
        uncounted=counted["uncounted"],
    )


def _row(found: tuple[int, str, str, str, int | None, int, int]) -> Row:
    *group, messages, segments = found
    # int: MariaDB adds whole numbers up to decimals.
    return Row._make((*group, int(messages), int(segments)))


def _read_waits(within: Q) -> dict[tuple[str, str], Counter[int]]:
    # Not in order: the database would sort every row by its words before it adds them up.
    found = WaitTally.objects.filter(within).order_by().values_list("kind", "category", "bucket")
    buckets: dict[tuple[str, str], Counter[int]] = {}
    for kind, category, bucket, number in found.annotate(Sum("messages")):
        buckets.setdefault((kind, category), Counter())[bucket] = int(number)
    return buckets


def _wait(kind: str, category: str, buckets: Counter[int]) -> Wait:
    p50, p95, p99 = (percentile(buckets, share) for share in (0.5, 0.95, 0.99))
    return Wait(category, kind, buckets.total(), p50, p95, p99)
