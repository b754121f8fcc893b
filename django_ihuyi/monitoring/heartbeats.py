"""Heartbeats: the time of the last sweep, and a small task through each queue."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.utils import timezone

from django_ihuyi import conf, hooks
from django_ihuyi.china_time import TOLERANCE, is_reached
from django_ihuyi.conf.validators import CATEGORIES
from django_ihuyi.dispatch import get_dispatcher
from django_ihuyi.models import Heartbeat

SWEEP = "sweep"
_QUEUE = "queue:"
_INTERVAL = timedelta(seconds=60)
"""Between two tasks through one queue."""
_LOST = timedelta(minutes=30)
"""After so long a task is taken for lost with its broker, and the next one is published."""
_SWEEP_INTERVAL = timedelta(seconds=5)
"""Between the beginnings of two sweeps: half of what the schedule has."""
_OVERDUE = timedelta(seconds=60)
_LOOK_INTERVAL = 20.0
"""Seconds for which a process takes its last look at the sweep's sign of life to be enough."""


class SweepWatch:
    """What one process knows of the sweep's sign of life."""

    def __init__(self) -> None:
        self._next_at = 0.0

    def is_overdue(self) -> bool:
        """Whether no sweep has run for a minute. One call in 20 s asks the table; the others get False."""
        now = time.monotonic()
        if now < self._next_at:
            return False
        self._next_at = now + _LOOK_INTERVAL
        present = timezone.now()
        since = present - _OVERDUE
        lately = Heartbeat.objects.filter(name=SWEEP, beaten_at__gt=since, beaten_at__lte=present + TOLERANCE)
        return not lately.exists()

    def forget(self) -> None:
        """Let the next call ask the table."""
        self._next_at = 0.0


sweep_watch = SweepWatch()
"""That of this process."""


def queue_names() -> list[str | None]:
    """Return the queues of messages and of the installed features' tasks; None is Celery's default one."""
    queues = conf.get_settings().queues
    names = {queues.get(category) for category in CATEGORIES}
    names.update(queue for config in hooks.features() for queue in config.celery_queues())
    return sorted(names, key=lambda name: name or "")


def row_name(queue: str | None) -> str:
    """Return under which name a queue's sign of life is kept."""
    return f"{_QUEUE}{queue or ''}"


def begin_sweep() -> bool:
    """Note that a sweep begins now, unless another began within the last five seconds.

    Returns:
        Whether it was noted. Of two that begin at the same moment, one gets True.
    """
    now = timezone.now()
    row, _made = Heartbeat.objects.get_or_create(name=SWEEP)
    if row.asked_at is not None and abs(now - row.asked_at) < _SWEEP_INTERVAL:
        return False
    return bool(Heartbeat.objects.filter(pk=row.pk, asked_at=row.asked_at).update(asked_at=now))


@contextmanager
def sweeping() -> Iterator[None]:
    """Around a sweep: also one of which a step failed has run, and asks the queues."""
    try:
        yield
    finally:
        after_sweep()


def after_sweep() -> None:
    """Note that a sweep ran, and ask each queue for a sign of life, at most once a minute."""
    now = timezone.now()
    Heartbeat.objects.update_or_create(name=SWEEP, defaults={"beaten_at": now})
    for queue in queue_names():
        _ask(queue, now)


def record_beat(pk: int) -> None:
    """A worker runs the task that was sent through a queue.

    Args:
        pk: The primary key of the queue's row.
    """
    Heartbeat.objects.filter(pk=pk).update(beaten_at=timezone.now())


def _ask(queue: str | None, now: datetime) -> None:
    row, _made = Heartbeat.objects.get_or_create(name=row_name(queue))
    pause = _LOST if row.outstanding else _INTERVAL
    if row.asked_at is not None and not is_reached(row.asked_at + pause, now, longest=pause):
        return
    # Of two sweeps one asks.
    mine = Heartbeat.objects.filter(pk=row.pk, asked_at=row.asked_at)
    if mine.update(asked_at=now) and not get_dispatcher().enqueue_heartbeat(row.pk, queue):
        # The broker is away, which is not the workers' fault.
        Heartbeat.objects.filter(pk=row.pk, asked_at=now).update(asked_at=row.asked_at)
