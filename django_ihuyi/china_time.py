"""Times: the gateway's are China time without a zone; the site's follow ``USE_TZ``.

A server whose clock was ahead for a moment may have stored a time that is too far in the future. Such a deadline counts
as reached, so that nothing waits for it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from django.conf import settings
from django.db.models import Q
from django.utils import timezone as django_timezone

CHINA = timezone(timedelta(hours=8), "UTC+8")
"""China's time, which has no summer time. Not read from the system's zone files, which may be missing."""
_FIRST_YEAR = 2000
_FURTHEST_AHEAD = timedelta(days=2)

TOLERANCE = timedelta(minutes=5)
"""How far apart the clocks of a site's servers may be."""


def is_too_far_ahead(moment: datetime, now: datetime, *, longest: timedelta = timedelta(0)) -> bool:
    """Whether a stored time is further in the future than it can be.

    Args:
        moment: The stored time.
        now: The present.
        longest: How far in the future it can be: for a deadline, the longest time that it is ever set ahead; for the
            time of something that has happened, nothing.
    """
    return moment - now > longest + TOLERANCE


def is_reached(deadline: datetime, now: datetime, *, longest: timedelta) -> bool:
    """Whether a stored deadline has come, or is further in the future than it can be.

    Args:
        deadline: The stored time.
        now: The present.
        longest: The longest time that this deadline is ever set ahead.
    """
    return deadline <= now or is_too_far_ahead(deadline, now, longest=longest)


def reached(field: str, now: datetime, *, longest: timedelta) -> Q:
    """Return the condition for :func:`is_reached`.

    Args:
        field: The name of the field that holds the deadline.
        now: The present.
        longest: The longest time that this deadline is ever set ahead.
    """
    return Q(**{f"{field}__lte": now}) | Q(**{f"{field}__gt": now + longest + TOLERANCE})


def as_site_time(moment: datetime) -> datetime:
    """Make a time fit the site: aware with ``USE_TZ``, else naive in the site's zone.

    Args:
        moment: A time; a naive one is taken as in the site's own zone.
    """
    if settings.USE_TZ:
        return django_timezone.make_aware(moment) if django_timezone.is_naive(moment) else moment
    return moment if django_timezone.is_naive(moment) else django_timezone.make_naive(moment)


def read_pushed_time(text: str, *, received_at: datetime) -> datetime | None:
    """Read the time in a push, ``2017-08-02 14:31:51`` in China's zone (PROTOCOL 4).

    Args:
        text: The time as the gateway pushed it.
        received_at: When the push came.

    Returns:
        The time as the site wants it, or None if it cannot be read or is implausible (:func:`plausible`).
    """
    try:
        moment = datetime.strptime(text.strip(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
        return plausible(as_site_time(moment.astimezone(UTC)), received_at=received_at)
    except (ValueError, OverflowError):
        return None


def plausible(moment: datetime | None, *, received_at: datetime) -> datetime | None:
    """Return a time of a push, or None where it can only be an error: then the push counts from its arrival.

    That is a time before the year 2000 or more than two days after the push came. The carriers' clocks differ from
    ours by less, and arithmetic and every database can handle what lies between.

    Args:
        moment: The time in the push, if it has one.
        received_at: When the push came.
    """
    if moment is None or moment.year < _FIRST_YEAR or moment > received_at + _FURTHEST_AHEAD:
        return None
    return moment
