"""Celery's doors into :mod:`django_ihuyi.outbound` and :mod:`django_ihuyi.upkeep`. Arguments are primary keys only."""

from __future__ import annotations

from celery import shared_task

from . import upkeep
from .balance import reading
from .outbound import batches, submission


# Acknowledged late, and given back when its worker is killed: safe, since who asks second finds the message claimed.
@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def submit_message(pk: int) -> None:
    """Submit the message with this primary key, if it is still to be submitted."""
    submission.submit(pk)


@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def submit_batch(pks: list[int]) -> None:
    """Submit those of the messages with these primary keys that are still to be submitted, many at a time."""
    batches.submit(pks)


@shared_task(ignore_result=True)
def sweep() -> dict[str, int]:
    """Mend the record after whatever died (:func:`django_ihuyi.upkeep.sweep`)."""
    return upkeep.sweep()


@shared_task(ignore_result=True)
def check_balance() -> None:
    """Read and keep what every account has left (:func:`django_ihuyi.balance.reading.check`)."""
    for _answer in reading.check():
        pass
