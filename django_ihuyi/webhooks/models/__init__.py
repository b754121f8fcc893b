"""Tables of webhook endpoints and deliveries."""

from __future__ import annotations

from django_ihuyi.hooks import require_app

# Without its app the tables would be registered as some of the core.
require_app("django_ihuyi.webhooks", __name__)

from .delivery import WebhookDelivery  # noqa: E402  only where the app is installed
from .endpoint import WebhookEndpoint  # noqa: E402  only where the app is installed

__all__ = ["WebhookDelivery", "WebhookEndpoint"]
