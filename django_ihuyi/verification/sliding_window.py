"""Sliding-window limit over a short log of times."""

from __future__ import annotations

from dataclasses import dataclass

from django_ihuyi.china_time import TOLERANCE
from django_ihuyi.exceptions import ThrottleReason

Log = list[tuple[float, int]]
"""What was spent, oldest first: a moment (Unix time in seconds) and how much, from that moment on for a grain."""

HOUR = 3600
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Window:
    """At most ``limit`` in any ``seconds``, wherever they begin.

    Attributes:
        name: Under which its log is kept.
        reason: What to say when it is full.
        seconds: Its length.
        limit: How much fits in.
        grain: What is spent within so many seconds is kept as one entry and forgotten as one, late rather than early.
            0 keeps every moment.
    """

    name: str
    reason: ThrottleReason
    seconds: int
    limit: int
    grain: float = 0

    def live(self, log: Log, now: float) -> Log:
        """Return what still counts. A moment to come is taken for now.

        A moment that is further ahead than clocks differ comes from a clock that was wrong. It does not count, because
        it would count until that time has come.
        """
        furthest = now + TOLERANCE.total_seconds()
        return [
            (min(moment, now), count)
            for moment, count in log
            if moment <= furthest and self._forgotten_at(moment) > now
        ]

    def wait(self, log: Log, now: float) -> float:
        """Return the seconds until one more fits in; 0 if it does now."""
        live = self.live(log, now)
        over = sum(count for _moment, count in live) - self.limit + 1
        until = now
        for moment, count in live:
            if over <= 0:
                break
            over -= count
            until = self._forgotten_at(moment)
        return until - now

    def add(self, log: Log, now: float) -> Log:
        """Return the log with one more spent now, without what does not count any more."""
        live = self.live(log, now)
        if live and now - live[-1][0] < self.grain:
            moment, count = live[-1]
            return [*live[:-1], (moment, count + 1)]
        return [*live, (now, 1)]

    def _forgotten_at(self, moment: float) -> float:
        return moment + self.grain + self.seconds
