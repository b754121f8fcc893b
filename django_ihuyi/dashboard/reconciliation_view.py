"""Admin page of the reconciliation."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.forms import Media
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from django_ihuyi.admin import display
from django_ihuyi.admin.balance_reading import signed
from django_ihuyi.admin.base import Views
from django_ihuyi.admin.related_tables import Table

from . import date_ranges
from .reconciliation import Day, reconcile

RANGES = {"7d": _("7 days"), "30d": _("30 days"), "90d": _("90 days")}


class Reconciliation(Views):
    """The comparison, for those who may see the list of balances."""

    name = "django_ihuyi_balancereading_reconciliation"

    def get_urls(self) -> list[URLPattern]:
        """Return its address."""
        return [path("reconciliation/", self.site.admin_view(self.page), name=self.name)]

    @method_decorator(require_safe)
    def page(self, request: HttpRequest) -> HttpResponse:
        """Show the fall of the balance beside the messages that were sent, day by day."""
        if not self.pages.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET.get("range", "")
        name = asked if asked in RANGES else "7d"
        zone = timezone.get_current_timezone()
        return self.pages.show(
            request,
            "admin/ihuyi_dashboard/reconciliation.html",
            gettext("Balance against messages"),
            zone=timezone.get_current_timezone_name(),
            choices=[(key, label, key == name) for key, label in RANGES.items()],
            table=_table(reconcile(date_ranges.named(name, now=timezone.now(), zone=zone))),
            media=self.pages.media + Media(css={"all": ["django_ihuyi/dashboard.css"]}),
        )


def _table(days: list[Day]) -> Table:
    rows: list[list[str]] = [
        [
            f"{day.day:%Y-%m-%d}",
            day.account,
            display.number(day.spent) if day.readings else display.EMPTY,
            display.number(day.added) if day.added else display.EMPTY,
            display.number(day.sent),
            display.number(day.unknown) if day.unknown else display.EMPTY,
            _verdict(day),
        ]
        for day in days
    ]
    headers = [
        gettext("day"),
        gettext("account"),
        gettext("balance fell by"),
        gettext("rose by"),
        gettext("segments sent"),
        gettext("segments unknown"),
        gettext("difference"),
    ]
    nothing = gettext("Neither a balance was read nor a message sent in this time.")
    return Table("reconciliation", gettext("Day by day"), headers, rows, nothing, "")


def _verdict(day: Day) -> SafeString | str:
    if day.difference is None:
        return display.badge("off", "–", gettext("no reading"))
    shown = signed(day.difference)
    if not day.is_odd:
        return display.badge("good", "✓", shown)
    if day.is_explained:
        return display.badge("warn", "?", gettext("%(number)s: unknown messages that went out?") % {"number": shown})
    return display.badge("bad", "!", gettext("%(number)s: look into it") % {"number": shown})
