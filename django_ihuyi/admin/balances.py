"""The pages of balances: what was read, how it compares with what was sent, and what staff are told when it is low."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from django_ihuyi.balance.reconciliation import Day, reconcile
from django_ihuyi.conf import get_aliases_of, get_settings
from django_ihuyi.models import AccountState, BalanceReading
from django_ihuyi.statistics import ranges

from . import display
from .base import ReadOnlyAdmin
from .filters import DayFilter
from .related import Table

RANGES = {"7d": _("7 days"), "30d": _("30 days"), "90d": _("90 days")}


@dataclass(frozen=True, slots=True)
class LowBalance:
    """What the banner says of an account whose balance is low."""

    account: str
    remaining: int
    limit: int
    since: SafeString | str
    in_yuan: bool


def low_balances() -> Iterator[LowBalance]:
    """Read the accounts whose latest balance is low; no query where ``BALANCE_LOW`` says nothing."""
    if get_settings().balance_low is None:
        return
    last = BalanceReading.objects.filter(account=OuterRef("account")).order_by("-read_at").values("remaining")[:1]
    low = AccountState.objects.filter(balance_low_since__isnull=False).annotate(remaining=Subquery(last))
    in_yuan = get_aliases_of(lambda product: not product.counts_messages)
    for state in low.order_by("account"):
        limit = get_settings().balance_low_of(state.account)
        # Taken out of the settings since: nobody is to be alarmed any more.
        if limit is not None and state.remaining is not None:
            yield LowBalance(
                state.account,
                state.remaining,
                limit,
                display.time(state.balance_low_since),
                state.account in in_yuan,
            )


@admin.register(BalanceReading)
class BalanceReadingAdmin(ReadOnlyAdmin[BalanceReading]):
    """What the gateway said when it was asked."""

    list_display = ("id", "account", "left", "change", "read")
    list_display_links = None
    list_filter = (("read_at", DayFilter),)
    lookups = frozenset({"read_at__gte", "read_at__lt"})
    fieldsets = ((None, {"fields": ("account", "left", "read")}),)

    class Media:
        css = {"all": ("django_ihuyi/dashboard.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[BalanceReading]:
        """Read each with the one before it, which the index finds."""
        before = BalanceReading.objects.filter(account=OuterRef("account"), read_at__lt=OuterRef("read_at"))
        return (
            super().get_queryset(request).annotate(before=Subquery(before.order_by("-read_at").values("remaining")[:1]))
        )

    def get_urls(self) -> list[URLPattern]:
        """Add the comparison with the messages."""
        view = self.admin_site.admin_view(self.reconciliation_view)
        own = path("reconciliation/", view, name="django_ihuyi_balancereading_reconciliation")
        return [own, *super().get_urls()]

    @method_decorator(require_safe)
    def reconciliation_view(self, request: HttpRequest) -> HttpResponse:
        """Show the fall of the balance beside the messages that were sent, day by day."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET.get("range", "")
        name = asked if asked in RANGES else "7d"
        zone = timezone.get_current_timezone()
        return self.show(
            request,
            "balancereading/reconciliation",
            gettext("Balance against messages"),
            zone=timezone.get_current_timezone_name(),
            choices=[(key, label, key == name) for key, label in RANGES.items()],
            table=_table(reconcile(ranges.named(name, now=timezone.now(), zone=zone))),
        )

    @admin.display(description=_("left"))
    def left(self, reading: BalanceReading) -> str:
        """Show what was left."""
        return display.left(reading.account, reading.remaining)

    @admin.display(description=_("change"))
    def change(self, reading: Any) -> str:  # noqa: ANN401  with what get_queryset adds
        """Show the difference to the reading before."""
        return display.EMPTY if reading.before is None else _signed(reading.remaining - reading.before)

    @admin.display(description=_("read"))
    def read(self, reading: BalanceReading) -> SafeString | str:
        """Show when it was read."""
        return display.time(reading.read_at)


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
    shown = _signed(day.difference)
    if not day.is_odd:
        return display.badge("good", "✓", shown)
    if day.is_explained:
        return display.badge("warn", "?", gettext("%(number)s: unknown messages that went out?") % {"number": shown})
    return display.badge("bad", "!", gettext("%(number)s: look into it") % {"number": shown})


def _signed(value: int) -> str:
    return f"+{display.number(value)}" if value > 0 else display.number(value).replace("-", "−")
