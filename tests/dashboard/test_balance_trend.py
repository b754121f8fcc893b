"""How fast balances fall, and until when they last."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connections
from pytest_django import DjangoAssertNumQueries

from django_ihuyi.dashboard import balance_trend
from django_ihuyi.models import BalanceReading

from .conftest import NOW

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def read_off(account: str, *points: tuple[float, int]) -> None:
    for days_ago, remaining in points:
        BalanceReading.objects.create(account=account, remaining=remaining, read_at=NOW - days_ago * DAY)


CASES = {
    "falls": ([(4, 1000), (2, 800), (0, 600)], 100, NOW + 6 * DAY),
    "was recharged": ([(4, 100), (3, 0), (2, 1000), (0, 700)], 100, NOW + 7 * DAY),
    "stands still": ([(4, 100), (0, 100)], 0, None),
    "was read once": ([(1, 100)], 0, None),
    "lasts for ages": ([(5, 100_005), (0, 100_000)], 1, None),
    "is used up": ([(4, 400), (0, 0)], 100, NOW),
}


@pytest.mark.parametrize(("points", "per_day", "used_up_at"), CASES.values(), ids=CASES)
def test_a_balance(
    points: list[tuple[float, int]],
    per_day: float,
    used_up_at: object,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    read_off("default", *points)
    with django_assert_num_queries(1):
        [balance] = balance_trend.read(NOW - DAY, now=NOW)
    assert balance.account == "default"
    assert balance.per_day == pytest.approx(per_day)
    assert balance.remaining == points[-1][1]
    assert balance.used_up_at == used_up_at


def test_the_last_reading_of_each_hour_and_in_long_ranges_of_each_day() -> None:
    minutes = 1 / 1440
    read_off("second", (2, 500), (20 * minutes, 90), (10 * minutes, 80), (5 * minutes, 70), (0, 60))
    read_off("default", (40, 7))
    [balance] = balance_trend.read(NOW - DAY, now=NOW)
    assert [left for _at, left in balance.points] == [500, 90, 60]  # 03:50, then the hour from 04:00 on
    default, second = balance_trend.read(NOW - 60 * DAY, now=NOW)
    assert (default.account, default.remaining) == ("default", 7)
    assert [left for _at, left in second.points] == [500, 60]


@pytest.fixture(params=["Asia/Shanghai", "Asia/Kathmandu"])
def zone_of_the_database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As with ``TIME_ZONE`` in ``DATABASES``. MariaDB has no names of time zones, unless somebody has loaded them."""
    database = connections["default"]
    if database.vendor == "postgresql":
        pytest.skip("PostgreSQL keeps times with their zones")

    def forget() -> None:
        for name in ("timezone", "timezone_name"):
            vars(database).pop(name, None)

    with monkeypatch.context() as patch:
        patch.setitem(database.settings_dict, "TIME_ZONE", request.param)
        forget()
        yield
    forget()


@pytest.mark.by_database
@pytest.mark.usefixtures("zone_of_the_database")
@pytest.mark.parametrize(("points", "per_day", "used_up_at"), CASES.values(), ids=CASES)
def test_balance__in_a_database_with_a_time_zone__is_the_same(
    points: list[tuple[float, int]], per_day: float, used_up_at: object
) -> None:
    read_off("default", *points)
    [balance] = balance_trend.read(NOW - DAY, now=NOW)
    assert len(balance.points) == len(points)
    assert balance.per_day == pytest.approx(per_day)
    assert balance.used_up_at == used_up_at
    [balance] = balance_trend.read(NOW - 60 * DAY, now=NOW)
    assert len(balance.points) == len(points)
