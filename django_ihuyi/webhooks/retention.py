"""Retention of webhook deliveries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from django_ihuyi.hooks import OldRows
from django_ihuyi.isolation import delete_rows
from django_ihuyi.webhooks.models.delivery import ENDED, DeliveryStatus

from .conf import get_retention_days
from .models import WebhookDelivery, WebhookEndpoint


def old_rows(now: datetime) -> Iterator[OldRows]:
    """Return the deliveries that the purge deletes.

    Args:
        now: The present.
    """
    days = get_retention_days()
    if days is not None:
        before = now - timedelta(days=days)
        yield OldRows("webhooks", _ended(before), "created_at", before, delete_rows)


def _ended(before: datetime) -> QuerySet[Any]:
    # What waits for an endpoint that stays off, or is deleted, waits no longer than this.
    on = WebhookEndpoint.objects.filter(pk=OuterRef("endpoint"), active=True)
    at_its_end = Q(status__in=ENDED) | Q(~Exists(on), status=DeliveryStatus.PENDING)
    return WebhookDelivery.objects.filter(at_its_end, created_at__lt=before)
