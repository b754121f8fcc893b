"""Admin pages of verification codes. No page and no table holds a code."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from django_ihuyi.admin import display
from django_ihuyi.admin.base import WithMessageAdmin
from django_ihuyi.admin.field_masking import sees_unmasked
from django_ihuyi.admin.filters import DayFilter
from django_ihuyi.admin.mobile_search import NumberAdmin
from django_ihuyi.masking import mask_address
from django_ihuyi.verification.conf import get_verification
from django_ihuyi.verification.models import VerificationCode

from .abuse_alert import alerts


@admin.register(VerificationCode)
class VerificationCodeAdmin(WithMessageAdmin[VerificationCode], NumberAdmin[VerificationCode]):
    """Which codes were made for whom, and what became of them."""

    list_filter = (("created_at", DayFilter), "decoy")
    list_display_links = ("id",)
    lookups = frozenset({"created_at__gte", "created_at__lt", "decoy__exact", "entered_at__isnull", "purpose"})
    dated_by = "created_at"

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the columns for this reader."""
        address = "address" if sees_unmasked(request) else "masked_address"
        return (
            "id",
            "created",
            self.mobile_column(request),
            "purpose",
            "state",
            "tries",
            "sends",
            address,
            self.message_column(request),
        )

    def get_fieldsets(self, request: HttpRequest, obj: VerificationCode | None = None) -> Any:  # noqa: ANN401  Django's own
        """Return the parts of the page for this reader."""
        address = "address" if sees_unmasked(request) else "masked_address"
        what = ("state", self.mobile_column(request), "purpose", address, self.message_column(request))
        return (
            (None, {"fields": what}),
            (_("Its life"), {"fields": ("created", "expires", "entered", "tries", "sends", "decoy")}),
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, under what the watch suspects."""
        seen = self.has_view_permission(request)
        return super().changelist_view(request, {"alerts": list(alerts()) if seen else [], **(extra_context or {})})

    @admin.display(description=_("state"))
    def state(self, code: VerificationCode) -> SafeString:
        """Show what became of it."""
        if code.decoy:
            return display.badge("off", "–", gettext("decoy"))
        if code.entered_at:
            return display.badge("good", "✓", gettext("entered"))
        if code.tries >= get_verification().max_tries:
            return display.badge("bad", "✗", gettext("tried out"))
        if code.expires_at <= timezone.now():
            return display.badge("off", "–", gettext("not entered"))
        return display.badge("wait", "…", gettext("waiting"))

    @admin.display(description=_("address"))
    def masked_address(self, code: VerificationCode) -> str:
        """Show the first half of the client's address."""
        return mask_address(code.address) or display.EMPTY

    @admin.display(description=pgettext_lazy("date", "created"))
    def created(self, code: VerificationCode) -> SafeString | str:
        """Show when it was made."""
        return display.time(code.created_at)

    @admin.display(description=_("expires"))
    def expires(self, code: VerificationCode) -> SafeString | str:
        """Show until when it can be entered."""
        return display.time(code.expires_at)

    @admin.display(description=_("entered"))
    def entered(self, code: VerificationCode) -> SafeString | str:
        """Show when it was entered."""
        return display.time(code.entered_at)
