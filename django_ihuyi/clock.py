"""Times: the gateway's carry no zone and are China's; the site's are aware or not as ``USE_TZ`` says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from django.conf import settings
from django.utils import timezone as django_timezone

CHINA = timezone(timedelta(hours=8), "UTC+8")
"""China's time, which has no summer time. Not read from the system's zone files, which may be missing."""


def as_site_time(moment: datetime) -> datetime:
    """Make a time fit the site: aware with ``USE_TZ``, else naive in the site's zone.

    Args:
        moment: A time; a naive one is taken as in the site's own zone.
    """
    if settings.USE_TZ:
        return django_timezone.make_aware(moment) if django_timezone.is_naive(moment) else moment
    return moment if django_timezone.is_naive(moment) else django_timezone.make_naive(moment)


def read_china_time(text: str) -> datetime | None:
    """Read a time of a push, ``2017-08-02 14:31:51`` in China's zone (PROTOCOL 4).

    Returns:
        The time as the site wants it, or None if it cannot be read.
    """
    try:
        moment = datetime.strptime(text.strip(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
        return as_site_time(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return None
