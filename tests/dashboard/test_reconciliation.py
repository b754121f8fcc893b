"""The fall of a balance beside what was sent, day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from django_ihuyi.dashboard import date_ranges
from django_ihuyi.dashboard.models import MessageTally
from django_ihuyi.dashboard.reconciliation import Day, reconcile
from django_ihuyi.dashboard.time_slots import slot_of
from django_ihuyi.models import BalanceReading

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 5, 4, 10, tzinfo=UTC)
"""12:10 in Shanghai."""


def span() -> date_ranges.Range:
    return date_ranges.named("7d", now=NOW, zone=SHANGHAI)


def read_at(hours_ago: float, remaining: int, account: str = "default") -> None:
    moment = NOW - timedelta(hours=hours_ago)
    BalanceReading.objects.create(account=account, remaining=remaining, read_at=moment)


def sent(hours_ago: float, segments: int, status: str = "delivered", account: str = "default") -> None:
    slot = slot_of(NOW - timedelta(hours=hours_ago))
    MessageTally.objects.create(
        slot=slot, account=account, category="notification", status=status, messages=1, segments=segments
    )


def test_a_day_adds_up_its_readings_and_its_messages(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for hours_ago, remaining in [(13, 1000), (11, 900), (6, 1400), (1, 1350)]:  # the first is yesterday's
        read_at(hours_ago, remaining)
    sent(10, 100)
    sent(5, 45, "accepted")
    sent(4, 3, "undelivered")
    sent(3, 2, "unknown")
    sent(2, 70, "rejected")
    sent(2, 70, "queued")
    with django_assert_num_queries(2):
        (day,) = reconcile(span())
    assert (day.day, day.account) == (date(2026, 3, 5), "default")
    assert (day.spent, day.added, day.readings) == (150, 500, 3)
    assert (day.sent, day.unknown, day.difference) == (148, 2, 2)
    assert day.without == timedelta(hours=5)
    assert not day.is_odd


def test_days_and_accounts_are_apart_and_the_newest_first() -> None:
    read_at(30, 500)
    read_at(26, 400)
    read_at(2, 390, "second")
    read_at(1, 380, "second")
    sent(27, 90)
    assert [(day.day.day, day.account, day.difference) for day in reconcile(span())] == [
        (5, "second", 10),
        (4, "default", 10),
    ]


def test_a_day_that_only_has_messages_says_nothing() -> None:
    sent(2, 90)
    (day,) = reconcile(span())
    assert day.difference is None
    assert not day.is_odd
    assert not day.is_explained


def test_what_lies_before_the_range_is_left_out() -> None:
    read_at(24 * 7, 900)
    read_at(24 * 6.6, 500)
    sent(24 * 7, 400)
    assert reconcile(span()) == []


@pytest.mark.parametrize(
    ("spent", "sent_from_here", "unknown", "odd", "explained"),
    [
        pytest.param(1000, 1000, 0, False, False, id="equal"),
        pytest.param(120, 100, 0, False, True, id="small-change"),
        pytest.param(121, 100, 0, True, False, id="more-spent"),
        pytest.param(121, 100, 1, True, True, id="unknown-may-have-gone-out"),
        pytest.param(100, 121, 50, True, False, id="more-sent"),
        pytest.param(10_200, 10_000, 0, False, False, id="two-of-a-hundred"),
        pytest.param(10_205, 10_000, 0, True, False, id="more-than-that"),
    ],
)
def test_when_somebody_should_look(spent: int, sent_from_here: int, unknown: int, odd: bool, explained: bool) -> None:
    day = Day("default", date(2026, 3, 5), spent=spent, readings=9, sent=sent_from_here, unknown=unknown)
    assert (day.is_odd, day.is_explained) == (odd, explained)
