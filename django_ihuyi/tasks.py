"""Celery tasks of the core. Their arguments are primary keys only."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from celery import Task, shared_task
from django.utils import timezone

from . import balance, maintenance, time_limits
from .dispatch import get_dispatcher
from .monitoring import heartbeats
from .privacy import retention
from .worker import batch_submission, submission

_DATABASE_PAUSE = 10.0
"""Seconds until a chunk is tried again that found no database."""


# Acknowledged late, and given back when its worker is killed: safe, since who asks second finds the message claimed.
@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def submit_message(pk: int) -> None:
    """Submit the message with this primary key, if it is still to be submitted."""
    submission.submit(pk)
    _sweep_if_nobody_does(submit_message)


@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def submit_batch(pks: list[int]) -> None:
    """Submit those of the messages with these primary keys that are still to be submitted, many at a time."""
    try:
        batch_submission.submit_batch(pks, time_limit=time_limits.seconds_left(submit_batch))
    except batch_submission.DATABASE_AWAY as error:
        if _is_of_a_worker(submit_batch):
            # The table cannot say now what is left: the same task looks again, and finds what is still queued.
            raise submit_batch.retry(exc=error, countdown=_DATABASE_PAUSE, max_retries=None) from error
        raise
    _sweep_if_nobody_does(submit_batch)


@shared_task(ignore_result=True)
def sweep() -> dict[str, int]:
    """Mend the record after whatever died (:func:`django_ihuyi.maintenance.sweep`).

    A worker that finds that another sweep began a moment ago returns at once: without a worker, a scheduler that knows
    no ``expires`` publishes a sweep every ten seconds, and all of them run when one is started.
    """
    if not heartbeats.begin_sweep() and _is_of_a_worker(sweep):
        return {}
    with heartbeats.sweeping():
        return maintenance.sweep(time_limit=time_limits.seconds_left(sweep))


def _sweep_if_nobody_does(task: Task[Any, Any]) -> None:
    """Sweep after a task, where the queue is so long that the sweeps of beat, behind all of it, get too old."""
    # Whoever calls a task, or has it run eagerly, is not made to wait for that.
    if not _is_of_a_worker(task) or not heartbeats.sweep_watch.is_overdue():
        return
    # A step that fails has its record in the log; the messages of this task are settled.
    with suppress(Exception):
        sweep()


def _is_of_a_worker(task: Task[Any, Any]) -> bool:
    """Whether a worker runs the task, and not the process that published or called it."""
    return not (task.request.called_directly or task.request.is_eager)


@shared_task(ignore_result=True)
def check_balance() -> None:
    """Read and keep what every account has left (:func:`django_ihuyi.balance.check`)."""
    for _answer in balance.check_balances():
        pass


@shared_task(ignore_result=True)
def heartbeat(pk: int) -> None:
    """Show that a worker serves the queue through which this came (:mod:`django_ihuyi.monitoring.heartbeats`)."""
    heartbeats.record_beat(pk)


@shared_task(ignore_result=True)
def purge() -> dict[str, int]:
    """End what was kept long enough (:func:`django_ihuyi.privacy.retention.purge`)."""
    limit = time_limits.seconds_left(purge)
    return retention.purge(timezone.now(), time_limit=limit, go_on_later=_purge_again)


def _purge_again() -> None:
    get_dispatcher().send(purge.name)
