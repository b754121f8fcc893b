"""Test send: a message to one number with a preview, followed until the receipt arrives."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from django_ihuyi.conf import get_account
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.models import AccountState, Message
from django_ihuyi.sending.message_builder import normalize_recipient

from . import display
from .base import Views
from .compose_form import ComposeForm, Purpose, compose, error_text, new_nonce, preview
from .status_summary import describe

PERMISSION = "django_ihuyi.send_test"
TEST_PURPOSE = Purpose(
    key="test-send",
    name=gettext_noop("test message"),
    sent_by="test_send_by",
    limits=((timedelta(minutes=1), 5), (timedelta(days=1), 50)),
)

_IN_PROGRESS = {Message.Status.QUEUED, Message.Status.SUBMITTING, Message.Status.ACCEPTED}
_PREVIEW = "admin/django_ihuyi/test_send/trial.html"
_STATUS = "admin/django_ihuyi/test_send/status.html"


class TestSendForm(ComposeForm):
    """A message to a number that is typed."""

    mobile = forms.CharField(label=_("mobile"), max_length=64)
    field_order = ("account", "mobile")

    def clean(self) -> dict[str, Any]:
        """Make the number the one that the account's messages have."""
        cleaned = super().clean()
        if "mobile" in cleaned and "account" in cleaned:
            try:
                cleaned["mobile"] = normalize_recipient(get_account(cleaned["account"]), cleaned["mobile"])
            except InvalidMessage as error:
                self.add_error("mobile", error_text(error.code))
        return cleaned


class TestSend(Views):
    """The three views, on the pages of templates."""

    name = "django_ihuyi_test_send"

    def get_urls(self) -> list[URLPattern]:
        """Return their addresses."""
        view, name = self.site.admin_view, self.name
        return [
            path("test-send/", view(self.page), name=name),
            path("test-send/trial/", view(self.preview), name=f"{name}_trial"),
            path("test-send/<int:pk>/", view(self.status), name=f"{name}_status"),
        ]

    def page(self, request: HttpRequest) -> HttpResponse:
        """Show the form; by POST, send, and show what becomes of it."""
        _check(request)
        if request.method == "POST" and "try" not in request.POST:
            form = TestSendForm(request.POST)
            message = None
            if form.is_valid():
                message = compose(request, self.site, form, form.cleaned_data["mobile"], TEST_PURPOSE)
            if message is not None:
                return HttpResponseRedirect(f"{self.url()}?message={message.pk}")
        else:
            first = {"account": "default", "nonce": new_nonce()}
            form = TestSendForm(initial={**first, **request.POST.dict()})
        sent = request.GET.get("message", "")
        return self.pages.show(
            request,
            "admin/django_ihuyi/test_send/page.html",
            gettext("Test send"),
            below=(),
            form=form,
            trial_url=self.url("_trial"),
            **(preview(request, request.POST.get("mobile", "")) if request.method == "POST" else {}),
            **(self._watched(request, int(sent)) if sent.isascii() and sent.isdigit() and len(sent) < 19 else {}),
        )

    @method_decorator(require_POST)
    def preview(self, request: HttpRequest) -> HttpResponse:
        """Say what would become of what is typed so far, as a piece of the page."""
        _check(request)
        return render(request, _PREVIEW, preview(request, request.POST.get("mobile", "")))

    @method_decorator([require_GET, never_cache])
    def status(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say where a test message stands, as a piece of the page, to who sent it."""
        _check(request)
        return render(request, _STATUS, self._watched(request, pk))

    def _watched(self, request: HttpRequest, pk: int) -> dict[str, Any]:
        message = Message.objects.filter(pk=pk).first()
        if message is None or message.metadata.get(TEST_PURPOSE.sent_by) != str(request.user.pk):
            raise Http404
        paused = AccountState.objects.filter(account=message.account, paused_since__isnull=False).first()
        return {
            "message": message,
            "badge": display.status_badge(message),
            "standing": describe(message, paused=paused, now=timezone.now()),
            "on_the_way": message.status in _IN_PROGRESS,
            "status_url": self.url("_status", message.pk),
            "message_url": self.pages.page_of(message) if request.user.has_perm("django_ihuyi.view_message") else "",
        }


def _check(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
