"""Manual matching of a receipt to a message: choose a candidate or enter an id, then confirm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from django_ihuyi.models import Message, Receipt, receipt_matching
from django_ihuyi.models.message_status import InvalidTransition

from . import display
from .base import ReadOnlyAdmin, Tool
from .field_masking import display_mobile

MAX_CANDIDATES = 20
"""Likely messages that are offered."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message that a receipt may belong to, as it is shown."""

    number: int
    badge: SafeString
    submitted: SafeString | str
    smsid: str


class ReceiptMatchMixin(ReadOnlyAdmin[Receipt]):
    """Pages of receipts of which staff may say whose they are."""

    def may_match(self, request: HttpRequest) -> bool:
        """Whether somebody may: messages are shown to them as well."""
        permissions = ("django_ihuyi.match_receipts", "django_ihuyi.view_message")
        return self.has_view_permission(request) and request.user.has_perms(permissions)

    def get_urls(self) -> list[URLPattern]:
        """Return the pages' addresses, with that of matching."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_match"
        return [path("<int:pk>/match/", self.admin_site.admin_view(self.match_view), name=name), *super().get_urls()]

    def tools(self, request: HttpRequest, row: Receipt) -> list[Tool]:
        """Lead to matching where nobody knows whose it is."""
        tools = super().tools(request, row)
        if row.message_id is None and self.may_match(request):
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_match"
            url = reverse(name, args=[row.pk], current_app=self.admin_site.name)
            tools.append(Tool(url, _("Say whose it is…")))
        return tools

    def match_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Offer the likely messages; show the one that is chosen; attach the receipt to it once that is confirmed."""
        if not self.may_match(request):
            raise PermissionDenied
        receipt = Receipt.objects.filter(pk=pk).first()
        if receipt is None:
            raise Http404
        if request.method != "POST":
            return self._page(request, receipt)
        named = request.POST.get("named", "").strip() or request.POST.get("message", "")
        message = receipt_matching.find(receipt, named)
        if message is None:
            return self._page(request, receipt, missing=_("There is no such message."))
        reason = receipt_matching.reason_against(receipt, message)
        if reason is not None:
            return self._page(request, receipt, missing=str(reason))
        if "confirmed" not in request.POST:
            return self._page(request, receipt, chosen=message)
        return self._match(request, receipt, message)

    def _match(self, request: HttpRequest, receipt: Receipt, message: Message) -> HttpResponseBase:
        try:
            with transaction.atomic(using=Receipt.objects.db):
                changed = receipt_matching.match(receipt, message)
                self.log_change(request, receipt, _("Matched by hand with SMS %(number)d.") % {"number": message.pk})
                page: Any = self  # its log takes rows of every table
                page.log_change(request, message, _("Receipt %(number)d matched by hand.") % {"number": receipt.pk})
        except InvalidTransition as error:
            self.message_user(request, str(error.reason), messages.WARNING)
            return HttpResponseRedirect(self.page_of(receipt))
        values = {"number": message.pk, "status": message.get_status_display()}
        if changed:
            words = _("SMS %(number)d is “%(status)s” now.") % values
        else:
            words = _("The receipt belongs to SMS %(number)d now, which stays “%(status)s”.") % values
        self.message_user(request, words, messages.SUCCESS)
        return HttpResponseRedirect(self.page_of(message))

    def _page(
        self, request: HttpRequest, receipt: Receipt, *, chosen: Message | None = None, missing: str = ""
    ) -> HttpResponse:
        offered = [chosen] if chosen else receipt_matching.candidates(receipt, most=MAX_CANDIDATES)
        return self.show(
            request,
            "admin/django_ihuyi/receipt/match.html",
            _("Whose receipt is it?"),
            missing=missing,
            receipt=receipt,
            outcome=display.outcome_badge(delivered=receipt.delivered),
            mobile=display_mobile(receipt.mobile, request),
            reported=display.time(receipt.moment),
            chosen=chosen,
            candidates=[
                Candidate(
                    number=message.pk,
                    badge=display.status_badge(message),
                    submitted=display.time(message.submitted_at),
                    smsid=message.smsid or display.EMPTY,
                )
                for message in offered
            ],
            back=self.page_of(receipt),
        )
