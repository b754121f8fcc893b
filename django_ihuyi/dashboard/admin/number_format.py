"""Formatting of numbers, percentages, durations and amounts."""

from __future__ import annotations

from datetime import datetime

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from django_ihuyi.admin.display import EMPTY, local, number
from django_ihuyi.dashboard.snapshot import CAP

_JOINED = "\u00a0"
"""The space before a unit: no place for a line's end."""
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def up_to_cap(value: int) -> str:
    """Write a number that was counted up to a cap."""
    return number(value) if value <= CAP else f"{number(CAP)}+"


def percent(part: float | None) -> str:
    """Write a part of one. What is nearly all is not all."""
    if part is None:
        return EMPTY
    shown = min(round(part * 100, 1), 99.9) if part < 1 else 100
    return f"{number_format(shown, 1 if shown < 100 else 0)}{_JOINED}%"


def duration(seconds: float) -> str:
    """Write a length of time to two digits or so, in the unit that suits it."""
    for limit, unit, text in (
        (_MINUTE, 1, _("%s s")),
        (_HOUR, _MINUTE, _("%s min")),
        (2 * _DAY, _HOUR, _("%s h")),
    ):
        if seconds < limit:
            return _one_line(text % _two_digits(seconds / unit))
    return _one_line(_("%s days") % _two_digits(seconds / _DAY))


def ago(moment: datetime | None, now: datetime) -> str:
    """Write how long ago something was."""
    if moment is None:
        return _("never")
    return _("%s ago") % duration(max(0.0, (now - moment).total_seconds()))


def minute(moment: datetime) -> str:
    """Write a time in the reader's zone, to the minute."""
    return f"{local(moment):%Y-%m-%d %H:%M}"


def _one_line(text: str) -> str:
    return text.replace(" ", _JOINED)


def _two_digits(value: float) -> str:
    return str(number_format(round(value, 1 if value < 10 else 0), 1 if value < 10 else 0))
