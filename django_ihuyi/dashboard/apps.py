"""The app's configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.urls import NoReverseMatch, URLPattern, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ihuyi.hooks import FeatureConfig, Link, MaintenanceStep

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.http import HttpRequest
    from prometheus_client import Metric


class DashboardConfig(FeatureConfig):
    """Statistics of messages and their page in the admin."""

    name = "django_ihuyi.dashboard"
    label = "ihuyi_dashboard"
    verbose_name = _("SMS dashboard (ihuyi)")
    default = True
    # Among the core's figures: right after its messages.
    metrics_order = 20

    def maintenance_steps(self) -> Iterable[MaintenanceStep]:
        """Return the counting of the figures."""
        from . import counters

        return (MaintenanceStep("counted", 90, lambda now, _most: counters.count_due(now)),)

    def metrics(self, now: datetime) -> Iterator[Metric]:
        """Read the totals of this month."""
        from . import metrics

        return metrics.collect(now)

    def admin_links(self, request: HttpRequest, page: str) -> Iterable[Link]:
        """Lead from the messages to the dashboard, and from the balances to their comparison with the messages."""
        if page == "django_ihuyi.message" and request.user.has_perm("ihuyi_dashboard.view_dashboard"):
            yield from _link(request, "ihuyi_dashboard_dashboard_changelist", gettext("Dashboard: figures and charts"))
        if page == "django_ihuyi.balancereading":
            text = gettext("Balance against messages, day by day")
            yield from _link(request, "django_ihuyi_balancereading_reconciliation", text)

    def admin_urls(self, owner: ModelAdmin[Any]) -> Iterable[URLPattern]:
        """Add the comparison of balances with the messages."""
        from django_ihuyi.admin.balance_reading import BalanceReadingAdmin

        from .reconciliation_view import Reconciliation

        return Reconciliation(owner).get_urls() if isinstance(owner, BalanceReadingAdmin) else ()


def _link(request: HttpRequest, name: str, text: str) -> Iterator[Link]:
    # A site of the admin may lack the page.
    with suppress(NoReverseMatch):
        yield Link(reverse(f"admin:{name}", current_app=request.current_app), text)
