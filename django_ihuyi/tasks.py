"""Celery's doors into :mod:`django_ihuyi.outbound` and :mod:`django_ihuyi.upkeep`. Arguments are primary keys only."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from celery import Task, shared_task
from django.utils import timezone

from . import upkeep
from .balance import reading
from .outbound import batches, submission
from .privacy import retention
from .watching import beats
from .webhooks import delivering


# Acknowledged late, and given back when its worker is killed: safe, since who asks second finds the message claimed.
@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def submit_message(pk: int) -> None:
    """Submit the message with this primary key, if it is still to be submitted."""
    submission.submit(pk)
    _sweep_if_nobody_does(submit_message)


@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def submit_batch(pks: list[int]) -> None:
    """Submit those of the messages with these primary keys that are still to be submitted, many at a time."""
    batches.submit(pks)
    _sweep_if_nobody_does(submit_batch)


# As above. What a killed worker had in hand is posted again once its claim has run out: receivers know the event's id.
@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def deliver_webhook(pk: int) -> None:
    """Post the webhook delivery with this primary key, if it is still to be posted."""
    delivering.deliver(pk)


@shared_task(ignore_result=True)
def sweep() -> dict[str, int]:
    """Mend the record after whatever died (:func:`django_ihuyi.upkeep.sweep`)."""
    with beats.sweeping():
        return upkeep.sweep()


def _sweep_if_nobody_does(task: Task[Any, Any]) -> None:
    """Sweep after a task, where the queue is so long that the sweeps of beat, behind all of it, get too old."""
    # Whoever calls a task, or has it run eagerly, is not made to wait for that.
    if task.request.called_directly or task.request.is_eager or not beats.is_sweep_overdue():
        return
    # A step that fails has its record in the log; the messages of this task are settled.
    with suppress(Exception):
        sweep()


@shared_task(ignore_result=True)
def check_balance() -> None:
    """Read and keep what every account has left (:func:`django_ihuyi.balance.reading.check`)."""
    for _answer in reading.check():
        pass


@shared_task(ignore_result=True)
def beat(pk: int) -> None:
    """Show that a worker serves the queue through which this came (:mod:`django_ihuyi.watching.beats`)."""
    beats.beat(pk)


@shared_task(ignore_result=True)
def purge() -> dict[str, int]:
    """End what was kept long enough (:func:`django_ihuyi.privacy.retention.purge`)."""
    return retention.purge(timezone.now())
