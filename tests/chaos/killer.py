"""Who is killed and when, from a seed; and what each kill can have cost."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from .processes import Supervised
from .workload import IN_HAND

CONCURRENCY = 4
"""Children of a worker."""
ALWAYS = ("child", "worker", "web", "parent", "beat")
"""The kinds of kill that every run has, as far as it has that many; the rest is drawn with these weights."""
_WEIGHTS = (5, 3, 3, 2, 1)
_SERVERS = ("broker", "database")
_DOWN = (0.5, 4.0)
"""Seconds that a killed server stays away before it is started again."""


@dataclass(frozen=True)
class Kill:
    """One kill.

    Attributes:
        at: When, in seconds since 1970.
        kind: ``child``, ``worker`` (with its children), ``parent`` (of a worker, without them), ``web``, ``beat``,
            ``broker`` or ``database``.
        name: Which process.
        in_flight: How many messages can have been between their claim and the record of their answer.
    """

    at: float
    kind: str
    name: str
    in_flight: int


def plan(count: int, seed: int, servers: Sequence[str]) -> list[tuple[float, str]]:
    """Draw the kills.

    Args:
        count: How many.
        seed: The run's seed.
        servers: Those of ``broker`` and ``database`` that can be killed: one each, two in a run of twenty or more.

    Returns:
        For each its moment, as a share of the time that the run takes, and its kind; in order.
    """
    rng = random.Random(seed)
    kinds = [name for name in _SERVERS if name in servers] * (2 if count >= 20 else 1)
    kinds = kinds[:count]
    kinds += ALWAYS[: count - len(kinds)]
    kinds += rng.choices(ALWAYS, _WEIGHTS, k=count - len(kinds))
    rng.shuffle(kinds)
    return [((position + rng.uniform(0.1, 0.9)) / count, kind) for position, kind in enumerate(kinds)]


class Killer:
    """Carries the plan out."""

    def __init__(self, seed: int, victims: Mapping[str, Sequence[Supervised]], workers: int) -> None:
        """Learn whom to kill.

        Args:
            seed: The run's seed.
            victims: Processes by what they are: ``worker``, ``web``, ``beat``, ``broker``, ``database``.
            workers: How many workers there are.
        """
        self._rng = random.Random(seed + 1)
        self._victims = victims
        self._workers = workers

    def kill(self, kind: str) -> Kill | None:
        """Kill one process of this kind. Returns None if there is nothing to kill at this moment: ask again soon."""
        of_worker = kind in {"child", "worker", "parent"}
        victim = self._rng.choice(self._victims["worker" if of_worker else kind])
        pid, children = victim.pid, victim.children()
        if pid is None or (of_worker and len(children) < CONCURRENCY):
            return None
        in_flight = 0
        if kind == "child":
            in_flight = IN_HAND
            with suppress(ProcessLookupError):
                os.kill(self._rng.choice(children), signal.SIGKILL)
        else:
            if of_worker:
                in_flight = CONCURRENCY * IN_HAND
            elif kind in _SERVERS:
                victim.pause = self._rng.uniform(*_DOWN)
                # A worker that hears nothing from the database cannot write its answer down; the broker has no part
                # between claim and answer.
                in_flight = CONCURRENCY * IN_HAND * self._workers if kind == "database" else 0
            victim.kill(group=kind != "parent")
        return Kill(time.time(), kind, victim.name, in_flight)
