"""The app's configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from django_ihuyi.hooks import EventSink, FeatureConfig, HealthCheck, MaintenanceStep, OldRows

if TYPE_CHECKING:
    from prometheus_client import Metric

    from django_ihuyi.hooks import Problem


class WebhooksConfig(FeatureConfig):
    """Signed webhooks that tell other systems of events."""

    name = "django_ihuyi.webhooks"
    label = "ihuyi_webhooks"
    verbose_name = _("Webhooks (ihuyi)")
    default = True
    settings_sections: Mapping[str, str] = {"WEBHOOKS": "django_ihuyi.webhooks.conf.WebhookSettings"}
    optional_sections = ("WEBHOOKS",)

    def setting_problems(self, raw: Mapping[str, Any], *, deploy: bool) -> Iterable[Problem]:
        """Find what is wrong with ``IHUYI["WEBHOOKS"]``."""
        from . import conf

        return conf.production_problems(raw) if deploy else conf.setting_problems(raw)

    def ready(self) -> None:
        """Import the tasks: they are sent by their names."""
        from . import tasks  # noqa: F401  it registers them with Celery

    def event_sinks(self) -> Iterable[EventSink]:
        """Return the outbox, which writes a delivery for each endpoint that wants an event."""
        from .outbox import WebhookOutbox

        return (WebhookOutbox(),)

    def maintenance_steps(self) -> Iterable[MaintenanceStep]:
        """Return the care for deliveries that got stuck."""
        from . import worker

        return (MaintenanceStep("webhooks", 80, lambda now, most: worker.sweep(now, most=most)),)

    def retention_jobs(self, now: datetime) -> Iterable[OldRows]:
        """Return the deliveries that have been kept long enough."""
        from . import retention

        return retention.old_rows(now)

    def health_checks(self) -> Mapping[str, HealthCheck]:
        """Return the check of deliveries and endpoints."""
        from . import health

        return {"webhooks": health.delivery_health}

    def metrics(self, now: datetime) -> Iterator[Metric]:
        """Read how many deliveries wait or were given up."""
        from . import health

        return health.delivery_metrics()

    def celery_queues(self) -> Iterable[str | None]:
        """Return the queue of deliveries, where events go out."""
        from .conf import get_webhooks

        options = get_webhooks()
        return () if options is None else (options.queue,)
