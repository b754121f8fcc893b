"""Admin pages of balance readings, and the alert for a low balance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_ihuyi.conf import get_aliases_of, get_settings
from django_ihuyi.models import AccountState, BalanceReading

from . import display
from .base import ReadOnlyAdmin
from .filters import DayFilter


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

    def get_queryset(self, request: HttpRequest) -> QuerySet[BalanceReading]:
        """Read each with the one before it, which the index finds."""
        before = BalanceReading.objects.filter(account=OuterRef("account"), read_at__lt=OuterRef("read_at"))
        return (
            super().get_queryset(request).annotate(before=Subquery(before.order_by("-read_at").values("remaining")[:1]))
        )

    @admin.display(description=_("left"))
    def left(self, reading: BalanceReading) -> str:
        """Show what was left."""
        return display.left(reading.account, reading.remaining)

    @admin.display(description=_("change"))
    def change(self, reading: Any) -> str:  # noqa: ANN401  with what get_queryset adds
        """Show the difference to the reading before."""
        return display.EMPTY if reading.before is None else signed(reading.remaining - reading.before)

    @admin.display(description=_("read"))
    def read(self, reading: BalanceReading) -> SafeString | str:
        """Show when it was read."""
        return display.time(reading.read_at)


def signed(value: int) -> str:
    """Write a difference, with its sign."""
    return f"+{display.number(value)}" if value > 0 else display.number(value).replace("-", "−")
