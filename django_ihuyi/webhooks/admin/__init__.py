"""The admin's pages of endpoints and deliveries. Importing registers them."""

from __future__ import annotations

from .delivery import WebhookDeliveryAdmin
from .endpoint import WebhookEndpointAdmin

__all__ = ["WebhookDeliveryAdmin", "WebhookEndpointAdmin"]
