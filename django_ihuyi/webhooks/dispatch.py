"""Sends delivery tasks to Celery."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils import timezone

from django_ihuyi.dispatch import get_dispatcher
from django_ihuyi.webhooks.models.delivery import DeliveryStatus

from .conf import get_webhooks
from .models import WebhookDelivery

DELIVER_WEBHOOK = "django_ihuyi.tasks.deliver_webhook"
"""The task's name. Workers and brokers of sites know it from when the task stood in that module."""


def enqueue(pks: Collection[int]) -> int:
    """Publish a task for each of some deliveries. Never raises for the broker's sake.

    Args:
        pks: Primary keys of pending deliveries, committed.

    Returns:
        How many the broker took. The others are published by the sweep as soon as the broker is back.
    """
    options = get_webhooks()
    if options is None:
        return 0
    where: dict[str, Any] = {"queue": options.queue} if options.queue else {}
    left = list(pks)
    while left and get_dispatcher().send(DELIVER_WEBHOOK, left[0], **where):
        left.pop(0)
    if left:
        rows = WebhookDelivery.objects.filter(pk__in=left, status=DeliveryStatus.PENDING)
        rows.update(publish_at=timezone.now())
    return len(pks) - len(left)
