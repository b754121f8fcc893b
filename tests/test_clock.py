"""Times with and without zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pytest_django import Settings

from django_ihuyi.clock import as_site_time, read_china_time

NAIVE = datetime(2026, 11, 22, 20)  # noqa: DTZ001  naive is the point
AWARE = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize("moment", [AWARE, AWARE.astimezone(timezone(timedelta(hours=-5)))])
def test_sites_with_zones(moment: datetime) -> None:
    assert as_site_time(moment) == AWARE
    assert as_site_time(NAIVE) == AWARE  # the site is in Shanghai
    assert read_china_time("2026-11-22 20:00:00") == AWARE


def test_sites_without_zones(settings: Settings) -> None:
    settings.USE_TZ = False
    assert as_site_time(AWARE) == NAIVE
    assert as_site_time(NAIVE) == NAIVE
    assert read_china_time(" 2026-11-22 20:00:00 ") == NAIVE


def test_sites_elsewhere_without_zones(settings: Settings) -> None:
    settings.USE_TZ = False
    settings.TIME_ZONE = "UTC"
    assert read_china_time("2026-11-22 20:00:00") == AWARE.replace(tzinfo=None)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-22", "2026-11-22T20:00:00", "2026-02-30 00:00:00", "\x00"])
def test_what_cannot_be_read_is_none(text: str) -> None:
    assert read_china_time(text) is None


def test_the_beginning_of_time_is_before_utcs() -> None:
    assert read_china_time("0001-01-01 00:00:00") is None
