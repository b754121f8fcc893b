"""What a run is like."""

from __future__ import annotations

from dataclasses import dataclass

from .killer import CONCURRENCY

_BUSY = 0.6
"""The share of its time for which a worker's process waits for the gateway."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of a run.

    Attributes:
        timeout: Seconds in which everything has to settle.
        hurry: Whether to use the settings of ``short_timeouts.py``.
    """

    messages: int = 2000
    kills: int = 24
    seed: int = 1
    database: str = "postgresql"
    broker: str = "redis"
    workers: int = 2
    timeout: float = 240.0
    hurry: bool = False

    @property
    def seconds(self) -> float:
        """How long is sent and killed."""
        return max(self.messages / 20, self.kills * (2.5 if self.hurry else 5.0))

    @property
    def latency(self) -> float:
        """Seconds that the gateway takes for an answer: so many that a kill meets most processes at work."""
        return min(1.0, _BUSY * self.seconds * self.workers * CONCURRENCY / max(self.messages, 1))
