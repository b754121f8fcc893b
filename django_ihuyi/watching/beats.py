"""Signs of life: the sweep notes that it ran, and sends a small task through each queue to see who serves it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.utils import timezone

from django_ihuyi import conf
from django_ihuyi.models import Heartbeat
from django_ihuyi.options import CATEGORIES
from django_ihuyi.outbound import publishing

SWEEP = "sweep"
_QUEUE = "queue:"
_APART = timedelta(seconds=60)
"""Between two tasks through one queue."""
_LOST = timedelta(minutes=30)
"""After so long a task is taken for lost with its broker, and the next one is published."""
_OVERDUE = timedelta(seconds=60)
_BETWEEN_LOOKS = 20.0
"""Seconds for which a process takes its last look at the sweep's sign of life to be enough."""


class _Look:
    """When this process looks again at the sweep's sign of life, by the monotonic clock."""

    next_at = 0.0


def queue_names() -> list[str | None]:
    """Return the queues that messages and events go through; None is Celery's default one."""
    queues, webhooks = conf.get_settings().queues, conf.get_webhooks()
    names = {queues.get(category) for category in CATEGORIES} | ({webhooks.queue} if webhooks else set())
    return sorted(names, key=lambda name: name or "")


def row_name(queue: str | None) -> str:
    """Return under which name a queue's sign of life is kept."""
    return f"{_QUEUE}{queue or ''}"


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


def is_sweep_overdue() -> bool:
    """Whether no sweep has run for a minute. In each process one call in 20 s asks the table; the others get False."""
    now = time.monotonic()
    if now < _Look.next_at:
        return False
    _Look.next_at = now + _BETWEEN_LOOKS
    return not Heartbeat.objects.filter(name=SWEEP, beaten_at__gt=timezone.now() - _OVERDUE).exists()


def beat(pk: int) -> None:
    """A worker runs the task that was sent through a queue.

    Args:
        pk: The primary key of the queue's row.
    """
    Heartbeat.objects.filter(pk=pk).update(beaten_at=timezone.now())


def _ask(queue: str | None, now: datetime) -> None:
    row, _made = Heartbeat.objects.get_or_create(name=row_name(queue))
    pause = _LOST if row.outstanding else _APART
    if row.asked_at is not None and now - row.asked_at < pause:
        return
    # Of two sweeps one asks.
    mine = Heartbeat.objects.filter(pk=row.pk, asked_at=row.asked_at)
    if mine.update(asked_at=now) and not publishing.publish_beat(row.pk, queue):
        # The broker is away, which is not the workers' fault.
        Heartbeat.objects.filter(pk=row.pk, asked_at=now).update(asked_at=row.asked_at)
