"""What is read of a range is what the messages in it say, in a fixed number of queries."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from django_ihuyi.dashboard import date_ranges, report
from django_ihuyi.dashboard.time_slots import begin_of
from django_ihuyi.models import Message

from .conftest import NOW, count, make_code, make_delivered, make_message

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
KOLKATA = ZoneInfo("Asia/Kolkata")
SHANGHAI = ZoneInfo("Asia/Shanghai")


def price(settings: Settings, **prices: float) -> None:
    account = settings.IHUYI["ACCOUNTS"]["default"]
    accounts = {alias: {**account, "PRICE": amount} for alias, amount in prices.items()}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account, **accounts}}


def today() -> date_ranges.Range:
    return date_ranges.named("today", now=NOW, zone=SHANGHAI)


@pytest.mark.parametrize("zone", [SHANGHAI, KOLKATA], ids=str)
@pytest.mark.parametrize("days", [1, 3], ids=["hours", "days"])
def test_hours_and_days_count_the_messages_made_in_them(zone: ZoneInfo, days: int) -> None:
    span = date_ranges.own(date(2026, 3, 5) - timedelta(days=days - 1), date(2026, 3, 5), zone=zone)
    for number in range(-2, 12):
        make_delivered(begin_of(span.first) + number * timedelta(minutes=29), segments=2)
    make_message(begin_of(span.end) - timedelta(seconds=1))
    make_message(begin_of(span.end))
    count(begin_of(span.end))
    read = report.read_report(span)
    truth = {
        begin: Counter(
            Message.objects.filter(created_at__gte=begin_of(begin), created_at__lt=begin_of(end)).values_list(
                "status", flat=True
            )
        )
        for begin, end in span.periods
    }
    assert read.statuses_of == truth
    assert read.statuses == {"delivered": 12, "queued": 1}
    assert (read.total.messages, read.total.taken, read.total.delivered, read.total.segments) == (13, 12, 12, 24)
    assert read.uncounted == 0
    assert read.counted_at == begin_of(span.end)


def test_shares_of_accounts_and_categories(settings: Settings) -> None:
    price(settings, cheap=0.03)
    make_delivered(account="cheap", segments=3)
    make_message(account="cheap", status="undelivered", code=2, accepted_at=NOW)
    make_message(account="cheap", status="accepted", code=2, accepted_at=NOW)
    make_message(account="cheap", status="unknown", segments=5)
    make_message(account="gone", category="marketing", status="rejected", code=4030, segments=4)
    count()
    read = report.read_report(today())
    [(_, _, cheap), (_, _, gone)] = read.shares
    assert [share[:2] for share in read.shares] == [("cheap", "notification"), ("gone", "marketing")]
    assert (cheap.messages, cheap.taken, cheap.delivered, cheap.segments) == (4, 3, 1, 5)
    assert cheap.cost == Decimal("0.15")
    assert cheap.rate == pytest.approx(1 / 3)
    assert (gone.messages, gone.taken, gone.segments, gone.cost, gone.rate) == (1, 0, 0, None, None)
    # Nothing was charged to the account without a price.
    assert read.total.cost == Decimal("0.15")
    make_delivered(account="gone")
    count(NOW + HOUR)
    assert report.read_report(today()).total.cost is None


def test_refusals_are_ordered_by_number() -> None:
    for code in (4030, 4072, 4072, None):
        make_message(status="rejected", code=code)
    make_message(status="queued", code=0)
    count()
    refusals = report.read_report(today()).refusals
    assert refusals[0] == (4072, 2)
    assert dict(refusals) == {4072: 2, 4030: 1, None: 1}


def test_waits_of_categories_and_of_all() -> None:
    for seconds in (1.1, 1.15, 1.2):
        make_delivered(accepted=0.2, delivered=seconds)
    make_delivered(category="verification", accepted=0.2, delivered=100.0)
    count()
    read = report.read_report(today())
    found = {(wait.kind, wait.category): (wait.messages, wait.p50, wait.p99) for wait in read.waits}
    assert found["delivered", "notification"] == pytest.approx((3, 1.15, 1.3), rel=0.2)
    assert found["delivered", "verification"][0] == found["accepted", "verification"][0] == 1
    together = read.waits_for["delivered"]
    assert together.messages == 4
    assert together.p50 == pytest.approx(1.2, rel=0.2)
    assert together.p99 == pytest.approx(100, rel=0.34)


def test_conversion_of_codes() -> None:
    make_code(entered_at=NOW)
    make_code()
    make_code(purpose="log-in")
    count()
    read = report.read_report(today())
    assert [(code.purpose, code.sent, code.entered, code.rate) for code in read.codes] == [
        ("log-in", 1, 0, 0),
        ("sign-up", 2, 1, 0.5),
    ]
    assert read.all_codes is not None
    assert (read.all_codes.sent, read.all_codes.entered) == (3, 1)


def test_a_range_without_anything() -> None:
    read = report.read_report(today())
    assert (read.rows, read.waits, read.waits_for, read.codes, read.all_codes) == ((), (), {}, (), None)
    assert (read.counted_at, read.uncounted, read.total.messages, read.refusals) == (None, 0, 0, [])


def test_half_hours_that_are_not_counted_are_told() -> None:
    make_message(NOW - HOUR)
    from django_ihuyi.dashboard import counters

    counters.open_slots(NOW)
    assert report.read_report(today()).uncounted == 3
    count()
    assert report.read_report(today()).uncounted == 0


@pytest.mark.parametrize("name", ["today", "90d"])
def test_four_queries(name: str, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for category in Message.Category.values:
        make_delivered(category=category)
        make_message(category=category, status="rejected", code=406)
    count()
    with django_assert_num_queries(4):
        assert report.read_report(date_ranges.named(name, now=NOW, zone=SHANGHAI)).total.messages == 6
