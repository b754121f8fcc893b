"""Health check and metrics of webhook deliveries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from django_ihuyi.health_result import HealthResult, Level, Thresholds
from django_ihuyi.monitoring import metrics
from django_ihuyi.monitoring.database_health import CAP, capped
from django_ihuyi.webhooks.models.delivery import DeliveryStatus
from django_ihuyi.webhooks.models.endpoint import GONE

from .conf import has_webhooks
from .models import WebhookDelivery, WebhookEndpoint

if TYPE_CHECKING:
    from prometheus_client import Metric


def delivery_health(_limits: Thresholds, now: datetime) -> Iterator[HealthResult]:
    """Whether other systems hear what they are to hear."""
    if not has_webhooks():
        yield HealthResult("webhooks", "", Level.OK, _("no other system hears of events"))
        return
    newest = WebhookDelivery.objects.filter(status=DeliveryStatus.DEAD).order_by("-id")
    ended = newest.values_list("ended_at", flat=True)[:CAP]
    dead = sum(moment is not None and moment > now - timedelta(days=1) for moment in ended)
    level = Level.WARNING if dead else Level.OK
    text = _("%s webhook deliveries were given up in the last day") % capped(dead)
    advice = _("Look at them in the admin; mend the receiver, then post them again.") if dead else ""
    yield HealthResult("webhooks", "", level, text, advice, {"count": dead})
    gone = WebhookEndpoint.objects.filter(active=False).exclude(disabled_reason="").order_by("name")
    for endpoint in gone:
        text = _("switched off: it took no event for three days")
        if endpoint.disabled_reason == GONE:
            text = _("switched off: the receiver says that it is gone")
        advice = _("Ask its owner; switch it on, or leave it.")
        yield HealthResult("webhooks", endpoint.name, Level.WARNING, text, advice)


def delivery_metrics() -> Iterator[Metric]:
    """Count the deliveries that wait or were given up, where events go out."""
    if not has_webhooks():
        return
    counts = {
        status.value: float(WebhookDelivery.objects.filter(status=status).order_by()[: metrics.CAP].count())
        for status in (DeliveryStatus.PENDING, DeliveryStatus.DEAD)
    }
    what = f"Webhook deliveries in this status, {metrics.CAP} at the most."
    yield metrics.gauge("webhook_deliveries", what, counts, "status")
