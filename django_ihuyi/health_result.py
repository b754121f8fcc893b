"""Result of a health check: level, text, suggested action, figures."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _


class Level(enum.Enum):
    """How bad it is; the values are the exit statuses that monitoring plugins have."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


_WORST_FIRST = (Level.CRITICAL, Level.WARNING, Level.UNKNOWN, Level.OK)


@dataclass(frozen=True, slots=True)
class HealthResult:
    """What one check found about one thing.

    Attributes:
        check: The check's name, which ``--only`` takes.
        subject: What it is about: an account, a queue, or empty.
        level: How bad it is.
        text: What was found, in the reader's language.
        advice: What to do; empty where there is nothing to do.
        figures: What was measured: seconds and counts, by name.
    """

    check: str
    subject: str
    level: Level
    text: str
    action: str = ""
    figures: dict[str, float | int | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Thresholds:
    """From where on a figure is a warning, and from where on critical. Times are in seconds."""

    waiting: tuple[float, float] = (120, 900)
    sweep: tuple[float, float] = (60, 300)
    queue: tuple[float, float] = (120, 900)
    clock: tuple[float, float] = (30, 120)
    unknown: tuple[float, float] = (1, 100)
    balance: tuple[float, float] | None = None
    """What an account has left at the most; None: fewer than ``BALANCE_LOW`` are a warning, none left is critical."""
    timeout: float = 5
    """Seconds that each call to the gateway or the broker may take."""

    @staticmethod
    def judge(value: float, limits: tuple[float, float]) -> Level:
        """Judge a figure that is bad when it is high."""
        warning, critical = limits
        if value >= critical:
            return Level.CRITICAL
        return Level.WARNING if value >= warning else Level.OK


def catch_errors(check: str, subject: str, findings: Iterator[HealthResult]) -> Iterator[HealthResult]:
    """Hand findings through; where looking fails, that is the last of them, so that what comes after is looked at too.

    Args:
        check: The check's name.
        subject: What it looks at; empty where it looks at everything.
        findings: What it finds, while it looks.
    """
    try:
        yield from findings
    except Exception as error:  # noqa: BLE001  a database that is away is what the caller wants to hear of
        text = _("it could not be checked (%s)") % type(error).__name__
        yield HealthResult(check, subject, Level.UNKNOWN, text, _("Check the database and the settings."))


def worst(findings: Iterable[HealthResult]) -> Level:
    """Return the worst level among findings; unknown where there is none."""
    levels = {finding.level for finding in findings}
    return next((level for level in _WORST_FIRST if level in levels), Level.UNKNOWN)
