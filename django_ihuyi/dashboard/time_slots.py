"""Half-hour slots: their numbers, and when each is counted again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from django_ihuyi.china_time import as_site_time

LENGTH = timedelta(minutes=30)
PER_HOUR = 2
OFTEN = timedelta(minutes=1)
"""A half-hour is counted no more often than that."""
SHARE_OF_AGE = 48
"""A half-hour of a given age is counted again after this part of it: half an hour for each day."""
SHARE_OF_TIME = 20
"""Counting one half-hour takes no more than this part of the time."""
SETTLED = timedelta(days=30)
"""After this age, and this long after the last message in it was accepted, nothing changes in a half-hour."""

_SECONDS = int(LENGTH.total_seconds())


def slot_of(moment: datetime) -> int:
    """Return the number of the half-hour that a time is in.

    Args:
        moment: A time; a naive one is in the site's zone.
    """
    aware = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
    return int(aware.timestamp() // _SECONDS)


def begin_of(slot: int) -> datetime:
    """Return when a half-hour begins, as the site's tables have it."""
    return as_site_time(datetime.fromtimestamp(slot * _SECONDS, UTC))


def due_again(slot: int, *, now: datetime, took: float, changing: bool) -> datetime | None:
    """Say when a half-hour is counted again.

    This is what bounds how old the figures may be, whatever changed a message and however late.

    Args:
        slot: Its number.
        now: When it was counted.
        took: Seconds that this took: a campaign of millions is not counted each minute.
        changing: Whether it has messages that wait to be sent or were accepted lately.

    Returns:
        The time, or None if nothing changes there any more.
    """
    age = now - begin_of(slot + 1)
    if age > SETTLED and not changing:
        return None
    return now + max(OFTEN, age / SHARE_OF_AGE, timedelta(seconds=took * SHARE_OF_TIME))
