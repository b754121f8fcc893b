"""The dashboard page: reads the requested range and composes tiles, charts and tables."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from django_ihuyi.admin.account_state import pauses
from django_ihuyi.admin.balance_reading import low_balances
from django_ihuyi.admin.base import ReadOnlyAdmin, feature_alerts
from django_ihuyi.dashboard import balance_trend, date_ranges, report, snapshot
from django_ihuyi.dashboard.models import Dashboard
from django_ihuyi.dashboard.report import Report
from django_ihuyi.dashboard.time_slots import begin_of

from . import charts, number_format, tables, tiles
from .drilldown import Drilldown

NAMES = {
    "today": _("Today"),
    "24h": _("24 hours"),
    "7d": _("7 days"),
    "30d": _("30 days"),
    "90d": _("90 days"),
}
USUAL = "7d"
STALE = timedelta(minutes=5)
"""When figures of the present are older than that, the sweep does not run."""


@admin.register(Dashboard)
class DashboardAdmin(ReadOnlyAdmin[Dashboard]):
    """The dashboard, in the place of a list."""

    ordering = ("-number",)

    class Media:
        css = {"all": ("django_ihuyi/dashboard.css",)}
        js = ("django_ihuyi/vendor/chart.js/chart.umd.min.js", "django_ihuyi/dashboard.js")

    def get_urls(self) -> list[URLPattern]:
        """Return the one address there is: rows have no pages."""
        view = self.admin_site.admin_view(self.changelist_view)
        return [path("", view, name=f"{self.opts.app_label}_{self.opts.model_name}_changelist")]

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the figures of the range that the address asks for."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        span, problem = requested_range(request.GET, now)
        return self.show(
            request,
            "admin/ihuyi_dashboard/dashboard/page.html",
            capfirst(self.opts.verbose_name_plural),
            below=(),
            problem=problem,
            pauses=list(pauses()),
            alerts=feature_alerts(request),
            low_balances=list(low_balances()),
            **self._choice(span),
            **self._figures(request, span, now),
            **(extra_context or {}),
        )

    def _choice(self, span: date_ranges.Range) -> dict[str, Any]:
        return {
            "span": span,
            "zone": timezone.get_current_timezone_name(),
            "choices": [(name, label, name == span.name) for name, label in NAMES.items()],
        }

    def _figures(self, request: HttpRequest, span: date_ranges.Range, now: datetime) -> dict[str, Any]:
        links = Drilldown(self, request, span)
        read = report.read_report(span)
        stands = snapshot.take_snapshot(now)
        since = begin_of(span.first)
        credit = balance_trend.read(since, now=now)
        drawn = [charts.by_status(read, links), charts.delivery_rate(read)]
        if credit:
            drawn.append(charts.balances(credit, since))
        has_codes = apps.is_installed("django_ihuyi.verification")
        return {
            "tiles": list(tiles.of_range(read, links)),
            "present": list(tiles.of_present(stands, links, now)),
            "charts": drawn,
            "tables": [
                tables.waits(read),
                tables.refusals(read, links),
                tables.shares(read, links),
                # Of a site that had verification codes once, the figures are there.
                *([tables.codes(read, links)] if has_codes or read.codes else []),
                *([tables.balances(credit)] if credit else []),
            ],
            "receipts_missing": stands.receipts_missing(now),
            "counted": number_format.minute(read.counted_at) if read.counted_at else None,
            "uncounted": read.uncounted,
            "stale": is_stale(read, now),
        }


def requested_range(query: QueryDict, now: datetime) -> tuple[date_ranges.Range, str]:
    """Read the range that an address asks for.

    Args:
        query: ``range``, one of the names, or ``from`` and ``to``, days in the reader's zone.
        now: The present.

    Returns:
        The range, and what was wrong with the question, if anything was: then it is the usual range.
    """
    zone = timezone.get_current_timezone()
    first, last = query.get("from"), query.get("to")
    if first or last:
        try:
            return date_ranges.own(date.fromisoformat(first or ""), date.fromisoformat(last or ""), zone=zone), ""
        except (ValueError, OverflowError):
            problem = gettext("Write a first and a last day, not more than %d days in all.") % date_ranges.MAX_DAYS
            return date_ranges.named(USUAL, now=now, zone=zone), problem
    name = query.get("range", USUAL)
    return date_ranges.named(name if name in date_ranges.NAMES else USUAL, now=now, zone=zone), ""


def is_stale(read: Report, now: datetime) -> bool:
    """Whether the figures of the present are old, which means that the sweep does not run."""
    if begin_of(read.span.end) <= now:
        return False
    return read.counted_at is None or now - read.counted_at > STALE
