"""Celery task of webhook deliveries. Its argument is a primary key."""

from __future__ import annotations

from celery import shared_task

from . import dispatch, worker


# Acknowledged late, and given back when its worker is killed. What that worker had in hand is posted again once its
# claim has run out: receivers know the event's id.
@shared_task(name=dispatch.DELIVER_WEBHOOK, acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def deliver_webhook(pk: int) -> None:
    """Post the webhook delivery with this primary key, if it is still to be posted."""
    worker.deliver(pk)
