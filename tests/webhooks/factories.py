"""Endpoints and deliveries as staff find them."""

from __future__ import annotations

from typing import Any

from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint

URL = "https://hooks.example/in?token=of-the-hook"


def make_endpoint(**values: Any) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(**{"name": "shop", "url": URL, "events": ["message.delivered"], **values})


def make_delivery(endpoint: WebhookEndpoint, **values: Any) -> WebhookDelivery:
    number = WebhookDelivery.objects.count()
    fields = {"event": "message.delivered", "event_id": f"evt_{number}", "status": "dead", "attempts": 12}
    return WebhookDelivery.objects.create(endpoint=endpoint, **{**fields, **values})
