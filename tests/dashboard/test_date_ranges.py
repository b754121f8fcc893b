"""Ranges are cut into the reader's own hours and days, whatever the zone, and rows fall into the right ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from django_ihuyi.dashboard import date_ranges
from django_ihuyi.dashboard.date_ranges import Range, period_of_slot
from django_ihuyi.dashboard.models import MessageTally
from django_ihuyi.dashboard.time_slots import begin_of, slot_of

from .conftest import NOW

SHANGHAI = ZoneInfo("Asia/Shanghai")
KOLKATA = ZoneInfo("Asia/Kolkata")
BERLIN = ZoneInfo("Europe/Berlin")
KATHMANDU = ZoneInfo("Asia/Kathmandu")


def spoken(span: Range) -> tuple[str, str, int, bool]:
    """A range's beginning and end in its zone, how many parts it has, and whether these are hours."""
    ends = (f"{span.local(slot):%m-%d %H:%M}" for slot in (span.first, span.end))
    return (*ends, len(span.periods), span.hourly)  # type: ignore[return-value]  # two ends


# At 04:10 UTC it is 12:10 in Shanghai, 09:40 in Kolkata, 09:55 in Kathmandu.
NAMED = {
    "today": ("today", SHANGHAI, ("03-05 00:00", "03-06 00:00", 24, True)),
    "24 hours": ("24h", SHANGHAI, ("03-04 13:00", "03-05 13:00", 24, True)),
    "7 days": ("7d", SHANGHAI, ("02-27 00:00", "03-06 00:00", 7, False)),
    "30 days": ("30d", SHANGHAI, ("02-04 00:00", "03-06 00:00", 30, False)),
    "90 days": ("90d", SHANGHAI, ("12-06 00:00", "03-06 00:00", 90, False)),
    "today in a half-hour zone": ("today", KOLKATA, ("03-05 00:00", "03-06 00:00", 24, True)),
    "24 hours in a half-hour zone": ("24h", KOLKATA, ("03-04 10:00", "03-05 10:00", 24, True)),
    "7 days in a half-hour zone": ("7d", KOLKATA, ("02-27 00:00", "03-06 00:00", 7, False)),
    "the half-hour of midnight in Nepal": ("7d", KATHMANDU, ("02-26 23:45", "03-05 23:45", 7, False)),
}


@pytest.mark.parametrize(("name", "zone", "wanted"), NAMED.values(), ids=NAMED)
def test_named_ranges(name: str, zone: ZoneInfo, wanted: tuple[str, str, int, bool]) -> None:
    assert spoken(date_ranges.named(name, now=NOW, zone=zone)) == wanted


OWN = {
    "one day": (date(2026, 3, 1), date(2026, 3, 1), ("03-01 00:00", "03-02 00:00", 24, True)),
    "two days": (date(2026, 3, 1), date(2026, 3, 2), ("03-01 00:00", "03-03 00:00", 48, True)),
    "three days": (date(2026, 3, 1), date(2026, 3, 3), ("03-01 00:00", "03-04 00:00", 3, False)),
    "a leap year": (date(2024, 1, 1), date(2024, 12, 31), ("01-01 00:00", "01-01 00:00", 366, False)),
}


@pytest.mark.parametrize(("first", "last", "wanted"), OWN.values(), ids=OWN)
def test_ranges_of_ones_own(first: date, last: date, wanted: tuple[str, str, int, bool]) -> None:
    span = date_ranges.own(first, last, zone=KOLKATA)
    assert spoken(span) == wanted
    assert (span.from_day, span.to_day) == (first, last)


def test_days_in_nepal_are_called_by_their_own_date() -> None:
    span = date_ranges.own(date(2026, 3, 1), date(2026, 3, 3), zone=KATHMANDU)
    assert (span.from_day, span.to_day) == (date(2026, 3, 1), date(2026, 3, 3))
    assert [f"{span.named_by(begin):%d %H}" for begin, _end in span.periods] == ["01 00", "02 00", "03 00"]


@pytest.mark.parametrize(
    "days", [(date(2026, 3, 2), date(2026, 3, 1)), (date(2025, 1, 1), date(2026, 1, 2))], ids=["order", "length"]
)
def test_wrong_ranges_of_ones_own(days: tuple[date, date]) -> None:
    with pytest.raises(ValueError, match=str(days[0])):
        date_ranges.own(*days, zone=SHANGHAI)


def test_days_on_which_clocks_change_have_other_lengths() -> None:
    span = date_ranges.own(date(2026, 3, 27), date(2026, 3, 31), zone=BERLIN)
    assert [end - begin for begin, end in span.periods] == [48, 48, 46, 48, 48]
    today = date_ranges.own(date(2026, 10, 25), date(2026, 10, 25), zone=BERLIN)
    assert len(today.periods) == 25


@pytest.mark.django_db
@pytest.mark.parametrize("zone", [SHANGHAI, KOLKATA, BERLIN, KATHMANDU], ids=str)
@pytest.mark.parametrize("days", [2, 6], ids=["hours", "days"])
def test_rows_fall_into_their_hour_or_day(zone: ZoneInfo, days: int) -> None:
    first = date(2026, 3, 27)
    span = date_ranges.own(first, first + timedelta(days=days - 1), zone=zone)
    slots = range(span.first, span.end)
    MessageTally.objects.bulk_create(
        MessageTally(slot=slot, account="default", category="notification", status="queued", messages=1, segments=1)
        for slot in slots
    )
    found = dict(MessageTally.objects.annotate(period=period_of_slot(span)).values_list("slot", "period"))
    assert found == {slot: begin for begin, end in span.periods for slot in range(begin, end)}
    if zone is not KATHMANDU:
        for slot, begin in found.items():
            here, named = span.local(slot), span.named_by(begin)
            assert (here.date(), here.hour if span.hourly else 0) == (named.date(), named.hour)


def test_half_hours_of_a_site_without_time_zones(settings: Settings) -> None:
    slot = slot_of(NOW)
    settings.USE_TZ = False
    naive = datetime(2026, 3, 5, 12, 10)  # noqa: DTZ001  as such a site has it
    assert slot_of(naive) == slot
    assert begin_of(slot) == datetime(2026, 3, 5, 12, 0)  # noqa: DTZ001
    span = date_ranges.own(date(2026, 3, 5), date(2026, 3, 5), zone=SHANGHAI)
    assert spoken(span) == ("03-05 00:00", "03-06 00:00", 24, True)


def test_half_hours_begin_in_utc() -> None:
    assert begin_of(slot_of(NOW)) == datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
