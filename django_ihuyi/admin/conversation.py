"""Conversation page: messages to and replies from one number in order of time, with a reply form.

An address names a message or a reply of the number, never the number itself: addresses end in the logs of servers.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_POST

from django_ihuyi.conf import get_aliases_of
from django_ihuyi.masking import HASH_MARK, mask_text, without_hash
from django_ihuyi.mobile_hash import lookup_values
from django_ihuyi.models import Message, OptOut, Reply
from django_ihuyi.privacy import audit

from . import display, read_state
from .base import Tool, Views
from .compose_form import ComposeForm, Purpose, compose, new_nonce, preview
from .field_masking import display_content, display_mobile, sees_unmasked

if TYPE_CHECKING:
    from .reply import ReplyAdmin

PERMISSION = "django_ihuyi.answer_reply"
REPLY_PURPOSE = Purpose(
    key="answer",
    name=gettext_noop("answer"),
    sent_by="answered_by",
    limits=((timedelta(minutes=1), 20), (timedelta(days=1), 1_000)),
)
SHOWN = 30
"""Messages and replies of one page."""

_KINDS: dict[str, type[Message | Reply]] = {"message": Message, "reply": Reply}
_PREVIEW = "admin/django_ihuyi/test_send/trial.html"


@dataclass(frozen=True, slots=True)
class Entry:
    """One message or reply, as it is shown."""

    kind: str
    name: str
    url: str
    badge: SafeString
    time: SafeString | str
    text: SafeString | str
    answers: SafeString | str = ""


def tools(site: AdminSite, request: HttpRequest, row: Message | Reply) -> list[Tool]:
    """Return the link to the conversation that a row belongs to, for those who may see it."""
    if not _may_see(request):
        return []
    url = reverse(f"admin:{Conversations.name}", args=[row._meta.model_name, row.pk], current_app=site.name)
    return [Tool(url, gettext("Conversation"))]


class Conversations(Views):
    """The three views, on the pages of replies."""

    name = "django_ihuyi_conversation"
    pages: ReplyAdmin

    def get_urls(self) -> list[URLPattern]:
        """Return their addresses."""
        view, where = self.site.admin_view, "conversation/<slug:kind>/<int:pk>/"
        return [
            path(where, view(self.page), name=self.name),
            path(f"{where}trial/", view(self.preview), name=f"{self.name}_trial"),
            path(f"{where}read/", view(self.read), name=f"{self.name}_read"),
        ]

    def page(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        """Show a page of the conversation; by POST, send an answer."""
        row = _find(request, kind, pk)
        if request.method == "POST" and not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        rows = self._page_of(request, row)
        newest = not {"messages", "replies"} & request.GET.keys()
        shown = rows[:SHOWN][::-1]
        form = self._form(request, row, shown)
        if request.method == "POST" and form is not None and "try" not in request.POST and form.is_valid():
            sent = compose(request, self.site, form, row.mobile, REPLY_PURPOSE)
            if sent is not None:
                said = gettext("The answer is on its way as SMS %(number)d.") % {"number": sent.pk}
                messages.success(request, said)
                return HttpResponseRedirect(self._url(row))
        if sees_unmasked(request):
            for model in (Message, Reply):
                audit.log_list_view(request.user, model, [one.pk for one in shown if isinstance(one, model)])
        return self.pages.show(
            request,
            "admin/django_ihuyi/reply/conversation.html",
            gettext("Conversation with %(number)s") % {"number": display_mobile(without_hash(row.mobile), request)},
            entries=[self._entry(request, one) for one in shown],
            older_url=self._older(request, row, shown) if len(rows) > SHOWN else "",
            newest_url="" if newest else self._url(row),
            opted_out=OptOut.objects.filter(mobile__in=_mobile_variants(row.mobile)).exists(),
            form=form,
            kept=HASH_MARK not in row.mobile,
            url=self._url(row),
            trial_url=self._url(row, "_trial"),
            read_url=self._url(row, "_read") if self._has_unread(request, shown) else "",
            **(preview(request, row.mobile) if request.method == "POST" and form is not None else {}),
        )

    @method_decorator(require_POST)
    def preview(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        """Say what would become of what is typed so far, as a piece of the page."""
        row = _find(request, kind, pk)
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        return TemplateResponse(request, _PREVIEW, preview(request, row.mobile))

    @method_decorator(require_POST)
    def read(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        """Mark all that the person wrote as read."""
        row = _find(request, kind, pk)
        if not request.user.has_perm(read_state.PERMISSION):
            raise PermissionDenied
        unread = Reply.objects.filter(mobile__in=_mobile_variants(row.mobile), read_at=None)
        read_state.mark(request, unread, read=True)
        return HttpResponseRedirect(self._url(row))

    def _url(self, row: Message | Reply, more: str = "") -> str:
        return self.url(more, row._meta.model_name, row.pk)

    def _page_of(self, request: HttpRequest, row: Message | Reply) -> list[Message | Reply]:
        """One row more than a page has, newest first: each table in the order of its keys, which an index has."""
        streams = []
        for model, name, time in ((Message, "messages", "created_at"), (Reply, "replies", "received_at")):
            below = request.GET.get(name, "")
            found = model._default_manager.filter(mobile__in=_mobile_variants(row.mobile)).order_by("-pk")
            if below.isascii() and below.isdigit() and len(below) < 19:
                found = found.filter(pk__lt=int(below))
            streams.append([(getattr(one, time), one) for one in found[: SHOWN + 1]])
        # Merged, not sorted: within a table the key decides, so that the next page begins below what was shown.
        merged = heapq.merge(*streams, key=lambda timed: timed[0], reverse=True)
        return [one for _time, one in islice(merged, SHOWN + 1)]

    def _older(self, request: HttpRequest, row: Message | Reply, shown: Sequence[Message | Reply]) -> str:
        """The address of the page before: below the lowest key of each table that was shown yet."""
        below = {}
        for model, name in ((Message, "messages"), (Reply, "replies")):
            keys = [one.pk for one in shown if isinstance(one, model)]
            if keys or name in request.GET:
                below[name] = min(keys) if keys else request.GET[name]
        return f"{self._url(row)}?{urlencode(below)}"

    def _entry(self, request: HttpRequest, one: Message | Reply) -> Entry:
        whole = sees_unmasked(request)
        if isinstance(one, Message):
            return Entry(
                kind="message",
                name=f"SMS {one.pk}",
                url=self.pages.page_of(one),
                badge=display.status_badge(one),
                time=display.time(one.created_at),
                text=display.text(display_content(one, whole=whole)),
            )
        answered = self.pages.message_link(one) if one.message_id is not None else ""
        return Entry(
            kind="reply",
            name=str(one),
            url=self.pages.page_of(one),
            badge=self.pages.state(one),
            time=display.time(one.received_at),
            text=display.text(one.content if whole else mask_text(one.content)),
            answers=answered,
        )

    def _form(self, request: HttpRequest, row: Message | Reply, shown: Sequence[Message | Reply]) -> ComposeForm | None:
        """The form of an answer, for those who may answer a number that is still kept."""
        if HASH_MARK in row.mobile or not request.user.has_perm(PERMISSION):
            return None
        if request.method == "POST" and "try" not in request.POST:
            return ComposeForm(request.POST)
        known = get_aliases_of(lambda product: product.parse(row.mobile) == row.mobile and not product.only_codes)
        accounts = [one.account for one in shown if isinstance(one, Message) and one.account in known]
        first: dict[str, Any] = {
            "account": accounts[-1] if accounts else next(iter(known), "default"),
            "nonce": new_nonce(),
        }
        return ComposeForm(initial={**first, **request.POST.dict()})

    def _has_unread(self, request: HttpRequest, shown: Sequence[Message | Reply]) -> bool:
        unread = any(isinstance(one, Reply) and one.read_at is None for one in shown)
        return unread and request.user.has_perm(read_state.PERMISSION)


def _may_see(request: HttpRequest) -> bool:
    return request.user.has_perms(("django_ihuyi.view_message", "django_ihuyi.view_reply"))


def _find(request: HttpRequest, kind: str, pk: int) -> Message | Reply:
    if not _may_see(request):
        raise PermissionDenied
    row = _KINDS[kind]._default_manager.filter(pk=pk).first() if kind in _KINDS else None
    if row is None:
        raise Http404
    return row


def _mobile_variants(mobile: str) -> list[str]:
    """How the number may stand in the tables. Of a hashed one nobody knows more than its hash."""
    return [mobile] if HASH_MARK in mobile else lookup_values(mobile)
