"""Times with and without zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pytest_django import Settings

from django_ihuyi.china_time import (
    TOLERANCE,
    as_site_time,
    is_reached,
    is_too_far_ahead,
    plausible,
    reached,
    read_pushed_time,
)
from django_ihuyi.models import AccountState

NAIVE = datetime(2026, 11, 22, 20)  # noqa: DTZ001  naive is the point
AWARE = datetime(2026, 11, 22, 12, tzinfo=UTC)
RECEIVED = AWARE + timedelta(seconds=5)


@pytest.mark.parametrize("moment", [AWARE, AWARE.astimezone(timezone(timedelta(hours=-5)))])
def test_sites_with_zones(moment: datetime) -> None:
    assert as_site_time(moment) == AWARE
    assert as_site_time(NAIVE) == AWARE  # the site is in Shanghai
    assert read_pushed_time("2026-11-22 20:00:00", received_at=RECEIVED) == AWARE


def test_sites_without_zones(settings: Settings) -> None:
    settings.USE_TZ = False
    assert as_site_time(AWARE) == NAIVE
    assert as_site_time(NAIVE) == NAIVE
    assert read_pushed_time(" 2026-11-22 20:00:00 ", received_at=NAIVE) == NAIVE


def test_sites_elsewhere_without_zones(settings: Settings) -> None:
    settings.USE_TZ = False
    settings.TIME_ZONE = "UTC"
    naive = AWARE.replace(tzinfo=None)
    assert read_pushed_time("2026-11-22 20:00:00", received_at=naive) == naive


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-22", "2026-11-22T20:00:00", "2026-02-30 00:00:00", "\x00"])
def test_what_cannot_be_read_is_none(text: str) -> None:
    assert read_pushed_time(text, received_at=RECEIVED) is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("0001-01-01 00:00:00", False),
        ("0001-01-02 00:00:00", False),
        ("1970-01-01 08:00:00", False),
        ("1999-12-31 20:00:00", False),
        ("2000-01-01 12:00:00", True),
        ("2026-11-24 20:00:05", True),
        ("2026-11-24 20:00:06", False),
        ("9999-12-31 23:59:59", False),
    ],
    ids=["before UTC's first", "first", "zero", "last century", "2000", "two days ahead", "further ahead", "last"],
)
@pytest.mark.parametrize("use_tz", [True, False])
def test_a_pushed_time__implausible__is_absent(text: str, kept: bool, use_tz: bool, settings: Settings) -> None:
    settings.USE_TZ = use_tz
    received_at = as_site_time(RECEIVED)
    moment = read_pushed_time(text, received_at=received_at)
    assert (moment is not None) is kept
    if kept:
        assert plausible(moment, received_at=received_at) == moment


@pytest.mark.parametrize("year", [1, 9999])
def test_a_stored_time__at_the_end_of_time__is_absent(year: int) -> None:
    assert plausible(datetime(year, 1, 1, tzinfo=UTC), received_at=RECEIVED) is None
    assert plausible(None, received_at=RECEIVED) is None


SECOND = timedelta(seconds=1)
LONGEST = timedelta(minutes=10)


@pytest.mark.django_db
@pytest.mark.parametrize("use_tz", [True, False], ids=["with zones", "without zones"])
@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (-timedelta(days=1), True),
        (timedelta(0), True),
        (SECOND, False),
        (LONGEST, False),
        (LONGEST + TOLERANCE, False),
        (LONGEST + TOLERANCE + SECOND, True),
        (timedelta(days=365), True),
    ],
    ids=["past", "now", "to come", "as late as it can be", "by a clock that is ahead", "impossible", "next year"],
)
def test_deadline__at_a_time__is_reached_or_not(
    ahead: timedelta, expected: bool, use_tz: bool, settings: Settings
) -> None:
    settings.USE_TZ = use_tz
    now = AWARE if use_tz else NAIVE
    assert is_reached(now + ahead, now, longest=LONGEST) is expected
    AccountState.objects.create(account="default", probe_at=now + ahead)
    assert AccountState.objects.filter(reached("probe_at", now, longest=LONGEST)).exists() is expected


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [(-SECOND, False), (TOLERANCE, False), (TOLERANCE + SECOND, True)],
    ids=["past", "by a clock that is ahead", "impossible"],
)
def test_time_of_something_past__in_the_future__is_too_far_ahead(ahead: timedelta, expected: bool) -> None:
    assert is_too_far_ahead(AWARE + ahead, AWARE) is expected
