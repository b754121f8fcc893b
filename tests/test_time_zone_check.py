"""The check of sites that store times without a zone."""

from __future__ import annotations

import datetime

import pytest
import time_machine
from django.core.checks import CheckMessage, run_checks
from pytest_django import Settings


def found() -> list[CheckMessage]:
    return [one for one in run_checks(databases=[]) if one.id == "django_ihuyi.W008"]


@pytest.mark.parametrize("month", range(1, 13, 3))
@pytest.mark.parametrize(
    ("zone", "use_tz", "warns"),
    [
        ("Asia/Shanghai", False, False),
        ("UTC", False, False),
        ("Asia/Kolkata", False, False),
        ("America/Phoenix", False, False),
        ("Europe/Berlin", False, True),
        ("America/New_York", False, True),
        ("Australia/Lord_Howe", False, True),
        ("Africa/Casablanca", False, True),
        ("Pacific/Auckland", False, True),
        ("Europe/Berlin", True, False),
        ("Asia/Shanghai", True, False),
    ],
)
def test_use_tz_false__in_a_zone_with_summer_time__warns_at_any_time_of_the_year(
    settings: Settings, zone: str, use_tz: bool, warns: bool, month: int
) -> None:
    settings.USE_TZ, settings.TIME_ZONE = use_tz, zone
    # A number: for a time with a zone, time_machine would change that of the process.
    with time_machine.travel(datetime.datetime(2026, month, 1, tzinfo=datetime.UTC).timestamp(), tick=False):
        messages = found()

    assert [zone in message.msg for message in messages] == [True] * warns
    assert all("USE_TZ = True" in str(message.hint) and "Asia/Shanghai" in str(message.hint) for message in messages)


def test_use_tz_false__without_a_time_zone__names_that_of_the_machine(settings: Settings) -> None:
    """Django leaves the zone of the process alone then."""
    settings.TIME_ZONE = "Europe/Berlin"
    settings.USE_TZ = False
    # The signal of a changed setting would take the zone back: a site that begins like this has that of its machine.
    settings._wrapped.TIME_ZONE = None

    [message] = found()

    assert "'CET' has summer time" in message.msg
