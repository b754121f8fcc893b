"""Admin pages of delivery receipts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_ihuyi.models import Receipt

from . import display
from .field_masking import display_carrier_text, sees_unmasked
from .filters import DayFilter, MatchedFilter, OutcomeFilter
from .mobile_search import PushAdmin
from .receipt_match import ReceiptMatchMixin


@admin.register(Receipt)
class ReceiptAdmin(ReceiptMatchMixin, PushAdmin[Receipt]):
    """The carriers' words, also those of which nobody knows whose they are."""

    list_filter = (OutcomeFilter, MatchedFilter, ("received_at", DayFilter))
    lookups = frozenset({"outcome", "matched", "message__id__exact", "received_at__gte", "received_at__lt"})
    dated_by = "received_at"
    scanned = frozenset({"outcome"})

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the columns for this reader."""
        return (
            "id",
            "received",
            self.mobile_column(request),
            "outcome",
            "words",
            self.message_column(request),
            "smsid",
            "reported",
        )

    def get_fieldsets(self, request: HttpRequest, obj: Receipt | None = None) -> Any:  # noqa: ANN401  Django's own
        """Return the parts of the page for this reader."""
        words = "whole_words" if sees_unmasked(request) else "words"
        return (
            (None, {"fields": ("outcome", self.message_column(request), self.mobile_column(request), "smsid")}),
            (_("The carrier's report"), {"fields": ("code", words, "reported", "report_time_text", "received")}),
        )

    @admin.display(description=_("outcome"))
    def outcome(self, receipt: Receipt) -> SafeString:
        """Show what it says."""
        return display.outcome_badge(delivered=receipt.delivered)

    @admin.display(description=_("carrier's words"))
    def words(self, receipt: Receipt) -> SafeString | str:
        """Show the carrier's words with what they mean, without a number or code that they quote."""
        # Whose they are is not asked for each row of the list.
        words = display_carrier_text(receipt.msg, receipt.mobile, None, whole=False)
        return display.carrier_words(words, delivered=receipt.delivered)

    @admin.display(description=_("carrier's words"))
    def whole_words(self, receipt: Receipt) -> SafeString | str:
        """Show the carrier's words as they came, with what they mean."""
        category = receipt.message.category if receipt.message else None
        words = display_carrier_text(receipt.msg, receipt.mobile, category, whole=True)
        return display.carrier_words(words, delivered=receipt.delivered)

    @admin.display(description=_("reported"))
    def reported(self, receipt: Receipt) -> SafeString | str:
        """Show the carrier's time."""
        return display.time(receipt.time)
