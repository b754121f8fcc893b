"""Giving deliveries to the workers. As for messages, the row is the truth and the task only a hint."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils import timezone

from django_ihuyi import conf
from django_ihuyi.models import WebhookDelivery
from django_ihuyi.models.webhook_delivery import DeliveryStatus
from django_ihuyi.outbound import publishing


def publish(pks: Collection[int]) -> int:
    """Publish a task for each of some deliveries. Never raises for the broker's sake.

    Args:
        pks: Primary keys of pending deliveries, committed.

    Returns:
        How many the broker took. The others are published by upkeep as soon as the broker is back.
    """
    options = conf.get_webhooks()
    # What runs in its caller's thread for a test posts nothing: the rows are there to be looked at.
    if options is None or publishing.is_bypassed():
        return 0
    left = list(pks)
    while left and _publish(left[0], options.queue):
        left.pop(0)
    if left:
        rows = WebhookDelivery.objects.filter(pk__in=left, status=DeliveryStatus.PENDING)
        rows.update(publish_at=timezone.now())
    return len(pks) - len(left)


def publish_recorded(*, pks: Collection[int], **_kwargs: object) -> None:
    """Publish what has just been committed: the receiver of :data:`django_ihuyi.models.outbox.recorded`."""
    publish(pks)


def _publish(pk: int, queue: str | None) -> bool:
    from django_ihuyi.tasks import deliver_webhook  # tasks are the doors into this package: they import it

    where: dict[str, Any] = {"queue": queue} if queue else {}
    return publishing.hand_over(lambda: _send(deliver_webhook, pk, where))


def _send(task: Any, pk: int, where: dict[str, Any]) -> None:  # noqa: ANN401  a Celery task
    task.apply_async((pk,), **where, retry=False)
