"""Tables on a message page: its newest receipts and replies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from django_ihuyi.masking import mask_text
from django_ihuyi.models import Message, Receipt, Reply

from . import display
from .field_masking import display_gateway_text, sees_unmasked

if TYPE_CHECKING:
    from .message import MessageAdmin

MAX_ROWS = 50
"""Rows that a table shows."""


@dataclass(frozen=True, slots=True)
class Table:
    """A read-only table.

    Attributes:
        name: An identifier for styles and anchors.
        title: What it shows.
        headers: Its columns.
        rows: Cells, safe to show.
        nothing: What to say where there is no row.
        all_url: The address of all rows where there are more than shown, else empty.
    """

    name: str
    title: str
    headers: list[str]
    rows: list[list[str]]
    nothing: str
    all_url: str


def resending_notes(page: MessageAdmin, message: Message) -> list[SafeString]:
    """Return what people did about a message: for which it was sent again, as which, and when it was given up."""
    notes = []
    if message.resend_of_id is not None:
        notes.append(_linked(page, _("It was sent again for {}."), [message.resend_of_id]))
    resends = list(message.resends.order_by("id").values_list("pk", flat=True)[:MAX_ROWS])
    if resends:
        notes.append(_linked(page, _("It was sent again as {}."), resends))
    if message.given_up_at is not None:
        when = display.time(message.given_up_at)
        notes.append(
            format_html(_("It was given up at {}: nobody waits for news of it. Its history says who did."), when)
        )
    return notes


def _linked(page: MessageAdmin, words: str, pks: list[int]) -> SafeString:
    links = ((display.link(page.page_of(Message(pk=pk)), f"SMS {pk}"),) for pk in pks)
    return format_html(words, format_html_join(", ", "{}", links))


def receipts_table(page: MessageAdmin, request: HttpRequest, message: Message) -> Table | None:
    """Return a message's receipts, newest first, or None for those who may not see receipts."""
    if not request.user.has_perm("django_ihuyi.view_receipt"):
        return None
    whole = sees_unmasked(request)
    receipts = list(message.receipts.order_by("-id")[: MAX_ROWS + 1])
    rows: list[list[str]] = [
        [
            display.link(page.page_of(receipt), receipt.pk),
            display.time(receipt.received_at),
            display.outcome_badge(delivered=receipt.delivered),
            str(receipt.code),
            display.carrier_words(display_gateway_text(receipt.msg, message, whole=whole), delivered=receipt.delivered),
            display.time(receipt.time, beside=receipt.received_at),
        ]
        for receipt in receipts[:MAX_ROWS]
    ]
    return Table(
        name="receipts",
        title=str(capfirst(Receipt._meta.verbose_name_plural)),
        headers=["ID", _("received"), _("outcome"), _("code"), _("carrier's words"), _("reported")],
        rows=rows,
        nothing=_("No receipt has come yet."),
        all_url=_all_of(page, Receipt, message) if len(receipts) > MAX_ROWS else "",
    )


def replies_table(page: MessageAdmin, request: HttpRequest, message: Message) -> Table | None:
    """Return the replies to a message, newest first, or None for those who may not see replies."""
    if not request.user.has_perm("django_ihuyi.view_reply"):
        return None
    whole = sees_unmasked(request)
    replies = list(message.replies.order_by("-id")[: MAX_ROWS + 1])
    rows: list[list[str]] = [
        [
            display.link(page.page_of(reply), reply.pk),
            display.time(reply.received_at),
            display.text(reply.content if whole else mask_text(reply.content)),
            display.time(reply.time, beside=reply.received_at),
        ]
        for reply in replies[:MAX_ROWS]
    ]
    return Table(
        name="replies",
        title=str(capfirst(Reply._meta.verbose_name_plural)),
        headers=["ID", _("received"), _("text"), _("replied")],
        rows=rows,
        nothing=_("No reply has come."),
        all_url=_all_of(page, Reply, message) if len(replies) > MAX_ROWS else "",
    )


def _all_of(page: MessageAdmin, model: type[Receipt | Reply], message: Message) -> str:
    return f"{page.list_of(model)}?message__id__exact={message.pk}"
