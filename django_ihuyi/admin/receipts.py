"""The pages of delivery receipts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_ihuyi.masking import without_number
from django_ihuyi.models import Receipt

from . import display
from .filters import DayFilter, MatchedFilter, OutcomeFilter
from .matching import MatchingAdmin
from .numbers import PushAdmin
from .privacy import sees_whole


@admin.register(Receipt)
class ReceiptAdmin(MatchingAdmin, PushAdmin[Receipt]):
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
        words = "whole_words" if sees_whole(request) else "words"
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
        """Show the carrier's words with what they mean, without the number."""
        return display.carrier_words(without_number(receipt.msg, receipt.mobile), delivered=receipt.delivered)

    @admin.display(description=_("carrier's words"))
    def whole_words(self, receipt: Receipt) -> SafeString | str:
        """Show the carrier's words as they came, with what they mean."""
        return display.carrier_words(receipt.msg, delivered=receipt.delivered)

    @admin.display(description=_("reported"))
    def reported(self, receipt: Receipt) -> SafeString | str:
        """Show the carrier's time."""
        return display.time(receipt.report_time)
