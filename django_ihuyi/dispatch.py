"""Sends tasks to Celery by name, with short timeouts for a broker that is down.

The row is the truth and the task only a hint: a hint that is lost is published again by the sweep, one that comes twice
finds the message claimed. So a broker that is down or slow costs the caller at most the ``broker_timeout`` of
:class:`Dispatcher` once, and is then left alone for its ``broker_cooldown``.

Tasks are sent by their names, so that this module imports none of them: they import what they call, and that comes
here. They are looked up in the registry of Celery's application, since ``send_task`` would ignore
``task_always_eager`` and the options of the task. Each app of this package imports its tasks when Django is ready.
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

from celery import current_app
from django.utils import timezone

from django_ihuyi import celery_broker, conf
from django_ihuyi.models import Message, message_bulk

__all__ = ["Dispatcher", "get_dispatcher", "set_dispatcher", "use_dispatcher"]

logger = logging.getLogger(__name__)

_TASKS = "django_ihuyi.tasks."
_HEARTBEAT_EXPIRES = 1800.0


class Dispatcher:
    """Sends tasks to Celery, and holds what the process knows about the state of the broker.

    Args:
        broker_timeout: Seconds that a caller waits for the broker.
        broker_cooldown: Seconds for which the broker is not used after it failed.
        requeue_after: Time after which the sweep regards a task as lost. It doubles each time, up to an hour.
        max_countdown: A message due within this time is enqueued with a countdown. The sweep enqueues later ones.
        chunk_time: Longest time that a worker spends on one batch task; the rest is requeued, so that other tasks get
            their turn. It must be well below ``requeue_after``, or the sweep would enqueue the rest a second time.
    """

    def __init__(
        self,
        *,
        broker_timeout: float = 1.5,
        broker_cooldown: float = 5.0,
        requeue_after: timedelta = timedelta(seconds=60),
        max_countdown: timedelta = timedelta(seconds=60),
        chunk_time: timedelta = timedelta(seconds=30),
    ) -> None:
        self.broker_timeout = broker_timeout
        self.broker_cooldown = broker_cooldown
        self.requeue_after = requeue_after
        self.max_countdown = max_countdown
        self.chunk_time = chunk_time
        self._left_alone_until = 0.0
        self._down = False
        # No lock guards this: one that another thread holds while the process forks stays locked in the child for ever.
        self._publishers: dict[int, _Publisher] = {}

    def next_enqueue_at(self, moment: datetime, publishes: int = 0) -> datetime:
        """Return when the sweep enqueues a message again.

        Args:
            moment: When the task is to run.
            publishes: How often the sweep has enqueued the message. It waits twice as long each time, so that a long
                queue does not fill with duplicate tasks.
        """
        doublings: int = 2 ** min(publishes, 10)
        return moment + min(self.requeue_after * doublings, timedelta(hours=1))

    def enqueue(self, message: Message) -> bool:
        """Publish one message's task. Never raises for the broker's sake.

        Args:
            message: A queued message, committed.

        Returns:
            Whether the broker took the task in time. If not, the sweep publishes it as soon as the broker is back.
        """
        countdown = (message.due_at - timezone.now()).total_seconds()
        return self._enqueue("submit_message", message.pk, [message.pk], message.category, countdown)

    def enqueue_batch(self, pks: list[int], category: str, *, countdown: float = 0) -> bool:
        """Publish one task for many messages (see :meth:`enqueue`).

        Args:
            pks: Primary keys of queued messages that are due, committed.
            category: Theirs.
            countdown: Seconds that the task waits.

        Returns:
            Whether the broker took the task in time. If not, the sweep publishes them as soon as the broker is back.
        """
        return self._enqueue("submit_batch", pks, pks, category, countdown)

    def enqueue_heartbeat(self, pk: int, queue_name: str | None) -> bool:
        """Publish the task that shows whether a queue is served (see :meth:`enqueue`).

        Args:
            pk: The primary key of the queue's heartbeat.
            queue_name: The queue; None for Celery's default one.

        Returns:
            Whether the broker took the task in time.
        """
        options: dict[str, Any] = {"queue": queue_name} if queue_name else {}
        # One that waited longer says nothing that its being late has not said.
        return self.send(f"{_TASKS}heartbeat", pk, expires=_HEARTBEAT_EXPIRES, **options)

    def send(self, name: str, *args: object, **options: Any) -> bool:  # noqa: ANN401  Celery's options
        """Publish a task by its name, or run it here where Celery is eager.

        Args:
            name: The task's name, such as ``django_ihuyi.tasks.purge``.
            *args: What the task is called with: primary keys only.
            **options: Options of Celery's ``apply_async``. Unless they say otherwise, it does not try again.

        Returns:
            Whether the broker took the task in time.

        Raises:
            celery.exceptions.NotRegistered: There is no such task.
        """
        # Looked up in the caller's thread: the publisher's thread may have another current application.
        task = current_app.tasks[name]
        # No backend for results is asked anything, whatever the site has configured for its own tasks.
        options = {"retry": False, "ignore_result": True, **options}
        return self.run(lambda: task.apply_async(args, **options))

    def run(self, send: Callable[[], object]) -> bool:
        """Have the process's publisher publish something, or do it here where Celery is eager.

        Args:
            send: Publishes it.

        Returns:
            Whether the broker took it in time.
        """
        if current_app.conf.task_always_eager:
            # No broker and no thread: the caller's transaction, the caller's errors.
            send()
            return True
        if time.monotonic() < self._left_alone_until:
            return False
        job = _Job(send)
        self._publisher().jobs.put(job)
        if job.done.wait(self.broker_timeout):
            return job.published
        job.abandoned = True
        self._broker_failed("time-out")
        return False

    def close(self, timeout: float | None = None) -> bool:
        """End this process's publisher once it has done what it was given. The next task starts another.

        Args:
            timeout: Seconds to wait for it; None: as long as it takes.

        Returns:
            Whether it has ended.
        """
        publisher = self._publishers.pop(os.getpid(), None)
        return publisher is None or publisher.close(timeout)

    def _enqueue(self, task: str, argument: int | list[int], pks: list[int], category: str, countdown: float) -> bool:
        options: dict[str, Any] = {}
        queue_name = conf.get_settings().queues.get(category)
        if queue_name:
            options["queue"] = queue_name
        if countdown > 0:
            options["countdown"] = countdown
        # One quick second try for a pooled connection that had died; no more, the sweep is there.
        policy = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
        # An eager Celery knows no countdown: it would run the task at once, which would publish the next, and so on.
        published = not (countdown > 0 and current_app.conf.task_always_eager) and self.send(
            f"{_TASKS}{task}", argument, retry=True, retry_policy=policy, **options
        )
        if not published:
            publish_at = timezone.now() + timedelta(seconds=max(countdown, 0))
            message_bulk.queued(pks).update(publish_at=publish_at)
        return published

    def _publisher(self) -> _Publisher:
        """The process's publisher: a forked child has none of its parent's threads and starts its own."""
        pid = os.getpid()
        return self._publishers.get(pid) or self._publishers.setdefault(pid, _Publisher(self._publish))

    def _publish(self, send: Callable[[], object]) -> bool:
        try:
            send()
        except Exception as error:  # noqa: BLE001  every transport has errors of its own, and none may reach the caller
            driver = celery_broker.missing_driver()
            self._broker_failed(f"its driver is not installed: {driver.command}" if driver else type(error).__name__)
            return False
        self._broker_answered()
        return True

    def _broker_failed(self, why: str) -> None:
        self._left_alone_until = time.monotonic() + self.broker_cooldown
        if not self._down:
            self._down = True
            logger.error(
                "The broker does not take tasks (%s). Messages wait in the table; the sweep publishes them.",
                why,
                extra={"event": "broker.away"},
            )

    def _broker_answered(self) -> None:
        self._left_alone_until = 0.0
        if self._down:
            self._down = False
            logger.warning("The broker takes tasks again.", extra={"event": "broker.back"})


class _Publisher:
    """One daemon thread a process that talks to the broker, so that a hanging one can be walked away from."""

    def __init__(self, publish: Callable[[Callable[[], object]], bool]) -> None:
        self.jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._publish = publish
        self._thread = threading.Thread(target=self._work, name="django-ihuyi-publisher", daemon=True)
        self._thread.start()

    def close(self, timeout: float | None) -> bool:
        self.jobs.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while job := self.jobs.get():
            # Abandoned while it waited behind one that hung: the sweep has it now.
            if not job.abandoned:
                job.published = self._publish(job.send)
            job.done.set()


class _Job:
    def __init__(self, send: Callable[[], object]) -> None:
        self.send = send
        self.done = threading.Event()
        self.published = False
        self.abandoned = False


class _Installed:
    dispatcher = Dispatcher()


def get_dispatcher() -> Dispatcher:
    """Return the dispatcher of this process."""
    return _Installed.dispatcher


def set_dispatcher(dispatcher: Dispatcher) -> Dispatcher:
    """Have the process use another dispatcher from now on, in all of its threads.

    Args:
        dispatcher: The other one.

    Returns:
        The one before.
    """
    before, _Installed.dispatcher = _Installed.dispatcher, dispatcher
    return before


@contextmanager
def use_dispatcher(dispatcher: Dispatcher) -> Iterator[None]:
    """Have the process use another dispatcher until the block ends (see :func:`set_dispatcher`).

    Args:
        dispatcher: The other one.
    """
    before = set_dispatcher(dispatcher)
    try:
        yield
    finally:
        set_dispatcher(before)
