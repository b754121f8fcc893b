"""Base class of pages with mobile numbers: search by a full number, masked columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Protocol, TypeVar

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ihuyi.masking import mask_mobile, without_hash
from django_ihuyi.models import Receipt, Reply
from django_ihuyi.privacy import audit

from . import display, search_query
from .base import ReadOnlyAdmin, WithMessageAdmin
from .field_masking import sees_unmasked

_Row = TypeVar("_Row", bound=Model)


class _HasMobile(Protocol):
    """A row of such a table."""

    mobile: str


class MobileSearchMixin(ReadOnlyAdmin[_Row]):
    """Read-only pages of a table with numbers and smsids, found by either."""

    search_fields: ClassVar[tuple[str, ...]] = ("mobile", "smsid")
    search_help_text = _("A whole mobile number, in any spelling, or a whole smsid.")
    search_refusal = _("That is neither a mobile number nor an smsid. Parts of them cannot be searched.")
    read_search: Callable[[str], search_query.SearchQuery | None] = staticmethod(search_query.parse_query)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[_Row], search_term: str
    ) -> tuple[QuerySet[_Row], bool]:
        """Find rows by what an index answers, an exact number or smsid: nothing else is searched."""
        if not search_term.strip():
            return queryset, False
        asked = self.read_search(search_term)
        if asked is None:
            messages.warning(request, self.search_refusal)
            return queryset.none(), False
        if asked.mobile is not None:
            self.log_search(request, asked.mobile)
        return queryset.filter(asked.condition), False

    def log_search(self, request: HttpRequest, mobile: str) -> None:
        """Note that somebody who sees masks asked for a number: what is found tells that the record has it."""
        if not sees_unmasked(request):
            audit.log_search(request.user, self.model, mobile)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, and note who looked at whole numbers."""
        response = super().changelist_view(request, extra_context)
        shown = getattr(response, "context_data", {}).get("cl")
        if shown is not None and sees_unmasked(request):
            audit.log_list_view(request.user, self.model, [row.pk for row in shown.result_list])
        return response

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: _Row | None = None,
    ) -> HttpResponse:
        """Show one row, and note who looked at it whole."""
        if obj is not None and sees_unmasked(request):
            audit.log_page_view(request.user, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def mobile_column(self, request: HttpRequest) -> str:
        """Return the name of the column with the number, as this reader may see it."""
        return "whole_mobile" if sees_unmasked(request) else "masked_mobile"

    @admin.display(description=_("mobile"))
    def whole_mobile(self, row: _HasMobile) -> str:
        """Show the number."""
        return without_hash(row.mobile)

    @admin.display(description=_("mobile"))
    def masked_mobile(self, row: _HasMobile) -> str:
        """Show the number, masked."""
        return mask_mobile(row.mobile)


class NumberAdmin(MobileSearchMixin[_Row]):
    """Read-only pages of a table with numbers and nothing else to find a row by."""

    search_fields = ("mobile",)
    search_help_text = _("A whole mobile number, in any spelling.")
    search_refusal = _("That is no mobile number. Parts of one cannot be searched.")
    read_search = staticmethod(search_query.parse_mobile)


class PushAdmin(WithMessageAdmin[_Row], MobileSearchMixin[_Row]):
    """Read-only pages of what the gateway pushed, with the message that it belongs to."""

    list_display_links = ("id",)

    def without_message(self) -> SafeString:
        """Return what is shown where a push's message is not known."""
        return display.badge("warn", "?", gettext("not known"))

    @admin.display(description=_("received"))
    def received(self, push: Receipt | Reply) -> SafeString | str:
        """Show when it was pushed."""
        return display.time(push.received_at)
