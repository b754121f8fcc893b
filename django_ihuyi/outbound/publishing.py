"""Giving messages to the workers, without ever letting the broker hurt the caller.

The row is the truth and the task only a hint: a hint that is lost is published again by upkeep, one that comes twice
finds the message claimed. So a broker that is down or slow costs the caller at most :data:`PATIENCE` seconds once,
and is then left alone for :data:`RESPITE` seconds.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from celery import Task, current_app
from django.utils import timezone

from django_ihuyi import broker, conf
from django_ihuyi.models import Message, many

logger = logging.getLogger(__name__)

PATIENCE = 1.5
"""Seconds that a caller waits for the broker."""
RESPITE = 5.0
"""Seconds for which the broker is left alone after it failed."""
GRACE = timedelta(seconds=60)
"""How long after publishing a message upkeep takes the task for lost, at first; doubles each time up to an hour."""
_BEAT_EXPIRES = 1800.0
SOON = timedelta(seconds=60)
"""A message due within this time is published with a countdown; a later one is left to upkeep."""


def publish_again_at(moment: datetime, publishes: int = 0) -> datetime:
    """When upkeep publishes a message again that was published at ``moment``.

    Args:
        moment: When the task is to run.
        publishes: How often upkeep has published the message already: each time it waits twice as long, so that a
            long queue is not flooded with doubles.
    """
    doublings: int = 2 ** min(publishes, 10)
    return moment + min(GRACE * doublings, timedelta(hours=1))


def publish(message: Message) -> bool:
    """Publish one message's task. Never raises for the broker's sake.

    Args:
        message: A queued message, committed.

    Returns:
        Whether the broker took the task in time. If not, upkeep publishes it as soon as the broker is back.
    """
    from django_ihuyi.tasks import submit_message  # tasks are the doors into this package: they import it

    countdown = (message.due_at - timezone.now()).total_seconds()
    return _publish(submit_message, message.pk, message.category, countdown)


def publish_chunk(pks: list[int], category: str, *, countdown: float = 0) -> bool:
    """Publish one task for many messages (see :func:`publish`).

    Args:
        pks: Primary keys of queued messages that are due, committed.
        category: Theirs.
        countdown: Seconds that the task waits.

    Returns:
        Whether the broker took the task in time. If not, upkeep publishes them as soon as the broker is back.
    """
    from django_ihuyi.tasks import submit_batch

    return _publish(submit_batch, pks, category, countdown)


@contextmanager
def in_this_process() -> Iterator[None]:
    """Submit what is due where it would be published, in the caller's thread: for :mod:`django_ihuyi.testing`."""
    before, _broker.bypassed = _broker.bypassed, True
    try:
        yield
    finally:
        _broker.bypassed = before


def publish_beat(pk: int, queue_name: str | None) -> bool:
    """Publish the task that shows whether a queue is served (see :func:`publish`).

    Args:
        pk: The primary key of the queue's heartbeat.
        queue_name: The queue; None for Celery's default one.

    Returns:
        Whether the broker took the task in time.
    """
    from django_ihuyi.tasks import beat

    options: dict[str, Any] = {"queue": queue_name} if queue_name else {}

    def send() -> None:
        # One that waited longer says nothing that its being late has not said.
        beat.apply_async((pk,), **options, expires=_BEAT_EXPIRES, retry=False)

    return hand_over(send)


def hand_over(send: Callable[[], None]) -> bool:
    """Let a task be published by the process's publisher, or run here where Celery is eager.

    Args:
        send: Publishes it.

    Returns:
        Whether the broker took the task in time.
    """
    if current_app.conf.task_always_eager:
        # No broker and no thread: the caller's transaction, the caller's errors.
        send()
        return True
    return _publisher().run(send)


def is_bypassed() -> bool:
    """Whether nothing is published now (:func:`in_this_process`)."""
    return _broker.bypassed


def _publish(task: Task[Any, Any], argument: int | list[int], category: str, countdown: float) -> bool:
    options: dict[str, Any] = {}
    queue_name = conf.get_settings().queues.get(category)
    if queue_name:
        options["queue"] = queue_name
    if countdown > 0:
        options["countdown"] = countdown

    def send() -> None:
        task.apply_async(
            (argument,),
            **options,
            # One quick second try for a pooled connection that had died; no more, upkeep is there.
            retry=True,
            retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1},
        )

    if _broker.bypassed:
        if countdown <= 0:
            task(argument)
        return True
    # An eager Celery knows no countdown: it would run the task at once, which would publish the next, and so on.
    published = not (countdown > 0 and current_app.conf.task_always_eager) and hand_over(send)
    if not published:
        pks = argument if isinstance(argument, list) else [argument]
        publish_at = timezone.now() + timedelta(seconds=max(countdown, 0))
        many.queued(pks).update(publish_at=publish_at)
    return published


def _run(send: Callable[[], None]) -> bool:
    try:
        send()
    except Exception as error:  # noqa: BLE001  every transport has errors of its own, and none may reach the caller
        driver = broker.missing_driver()
        _broker_failed(f"its driver is not installed: {driver.command}" if driver else type(error).__name__)
        return False
    _broker_answered()
    return True


class _Publisher:
    """One daemon thread a process that talks to the broker, so that a hanging one can be walked away from."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="django-ihuyi-publisher", daemon=True).start()

    def run(self, send: Callable[[], None]) -> bool:
        if time.monotonic() < _broker.left_alone_until:
            return False
        job = _Job(send)
        self._jobs.put(job)
        if job.done.wait(PATIENCE):
            return job.published
        job.abandoned = True
        _broker_failed("time-out")
        return False

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            # Abandoned while it waited behind one that hung: upkeep has it now.
            if not job.abandoned:
                job.published = _run(job.send)
            job.done.set()


class _Job:
    def __init__(self, send: Callable[[], None]) -> None:
        self.send = send
        self.done = threading.Event()
        self.published = False
        self.abandoned = False


class _Broker:
    """What this process knows of the broker."""

    left_alone_until = 0.0
    down = False
    bypassed = False


_broker = _Broker()
# No lock guards this: one that another thread holds while the process forks stays locked in the child for ever.
_publishers: dict[int, _Publisher] = {}


def _publisher() -> _Publisher:
    """The process's publisher: a forked child has none of its parent's threads and starts its own."""
    pid = os.getpid()
    return _publishers.get(pid) or _publishers.setdefault(pid, _Publisher())


def _broker_failed(why: str) -> None:
    _broker.left_alone_until = time.monotonic() + RESPITE
    if not _broker.down:
        _broker.down = True
        logger.error(
            "The broker does not take tasks (%s). Messages wait in the table; upkeep publishes them.",
            why,
            extra={"event": "broker.away"},
        )


def _broker_answered() -> None:
    _broker.left_alone_until = 0.0
    if _broker.down:
        _broker.down = False
        logger.warning("The broker takes tasks again.", extra={"event": "broker.back"})
