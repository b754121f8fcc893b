"""Admin pages of webhook endpoints and deliveries."""

from __future__ import annotations

from .delivery import WebhookDeliveryAdmin
from .endpoint import WebhookEndpointAdmin

__all__ = ["WebhookDeliveryAdmin", "WebhookEndpointAdmin"]
