"""Admin pages of replies. The text is shown on the page of a reply only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ihuyi.masking import mask_text
from django_ihuyi.models import Reply

from . import conversation, display, read_state
from .base import Tool, is_on_a_rows_page
from .field_masking import sees_unmasked
from .filters import DayFilter, MatchedFilter
from .mobile_search import PushAdmin
from .read_state import UnreadFilter


@admin.register(Reply)
class ReplyAdmin(PushAdmin[Reply]):
    """What people wrote back."""

    dated_by = "received_at"
    list_filter = (UnreadFilter, MatchedFilter, ("received_at", DayFilter))
    lookups = frozenset({"unread", "matched", "message__id__exact", "received_at__gte", "received_at__lt"})
    not_listed = ("content",)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the columns for this reader."""
        return (
            "id",
            "state",
            "received",
            self.mobile_column(request),
            self.message_column(request),
            "smsid",
            "replied",
        )

    def get_fieldsets(self, request: HttpRequest, obj: Reply | None = None) -> Any:  # noqa: ANN401  Django's own
        """Return the parts of the page for this reader."""
        text = "whole_text" if sees_unmasked(request) else "masked_text"
        return (
            (None, {"fields": (text, self.mobile_column(request), "received", "read_at", "read_by")}),
            (_("What it answers"), {"fields": (self.message_column(request), "smsid", "replied", "reply_time_text")}),
        )

    def get_urls(self) -> list[URLPattern]:
        """Return the pages' addresses, with those of conversations."""
        return [*conversation.Conversations(self).get_urls(), *super().get_urls()]

    def tools(self, request: HttpRequest, row: Reply) -> list[Tool]:
        """Lead to the conversation that it belongs to."""
        return [*super().tools(request, row), *conversation.tools(self.admin_site, request, row)]

    def get_actions(self, request: HttpRequest, action_location: object = None) -> dict[str, Any]:
        """Return the marks alone: a site's own actions for all models know nothing of masks."""
        return {} if is_on_a_rows_page(action_location) else read_state.actions_for(request)

    @admin.display(description=_("read?"))
    def state(self, reply: Reply) -> SafeString:
        """Show whether somebody has read it."""
        if reply.read_at is None:
            return display.badge("wait", "●", gettext("unread"))
        return display.badge("off", "✓", gettext("read already"))

    @admin.display(description=_("text"))
    def whole_text(self, reply: Reply) -> SafeString | str:
        """Show the text."""
        return display.text(reply.content)

    @admin.display(description=_("text"))
    def masked_text(self, reply: Reply) -> SafeString | str:
        """Show how long the text is."""
        return display.text(mask_text(reply.content))

    @admin.display(description=_("replied"))
    def replied(self, reply: Reply) -> SafeString | str:
        """Show when the person wrote it."""
        return display.time(reply.time)
