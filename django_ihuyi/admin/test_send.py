"""The test send: a message to one number, tried as it is typed, sent, and watched until the carrier has spoken."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from django_ihuyi import send_sms
from django_ihuyi.conf import get_account_aliases
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.forms import MobileField
from django_ihuyi.gateway import lookup
from django_ihuyi.models import AccountState, Message, Template
from django_ihuyi.outbound.trial import Trial, examine

from . import display
from .standing import describe

if TYPE_CHECKING:
    from .templates import TemplateAdmin

PERMISSION = "django_ihuyi.send_test"
LIMITS = ((timedelta(minutes=1), 5), (timedelta(days=1), 50))
"""How many test messages one person may send in which time."""
SENT_BY = "test_send_by"
"""The key in a test message's ``metadata`` under which stands who sent it."""

_ON_THE_WAY = {Message.Status.QUEUED, Message.Status.SUBMITTING, Message.Status.ACCEPTED}
_PAGE = "admin/django_ihuyi/test_send/page.html"
_TRIAL = "admin/django_ihuyi/test_send/trial.html"
_STATUS = "admin/django_ihuyi/test_send/status.html"


class TestSendForm(forms.Form):
    """A number, and a text or a template with its variables."""

    account = forms.ChoiceField(label=_("account"), choices=lambda: [(name, name) for name in get_account_aliases()])
    mobile = MobileField(label=_("mobile"))
    template = forms.ModelChoiceField(
        label=_("template"),
        queryset=Template.objects.order_by("name"),
        required=False,
        empty_label=_("none: a whole text"),
    )
    content = forms.CharField(
        label=_("text"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The whole text without the signature; leave it empty where a template is chosen."),
    )
    params = forms.CharField(
        label=_("variables"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The template's variables in their order, one a line."),
    )
    nonce = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def clean(self) -> dict[str, Any]:
        """Refuse a text beside a template."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("template") and cleaned.get("content"):
            self.add_error("content", _("Give a text or a template, not both."))
        return cleaned


class TestSend:
    """The three views, on the pages of templates."""

    def __init__(self, pages: TemplateAdmin) -> None:
        self.pages = pages
        self.site = pages.admin_site

    def get_urls(self) -> list[URLPattern]:
        """Return their addresses."""
        view, name = self.site.admin_view, "django_ihuyi_test_send"
        return [
            path("test-send/", view(self.page), name=name),
            path("test-send/trial/", view(self.trial), name=f"{name}_trial"),
            path("test-send/<int:pk>/", view(self.status), name=f"{name}_status"),
        ]

    def page(self, request: HttpRequest) -> HttpResponse:
        """Show the form; by POST, send, and show what becomes of it."""
        _check(request)
        if request.method == "POST" and "try" not in request.POST:
            form = TestSendForm(request.POST)
            message = self._send(request, form) if form.is_valid() else None
            if message is not None:
                return HttpResponseRedirect(f"{self._url()}?message={message.pk}")
        else:
            first = {"account": "default", "nonce": secrets.token_urlsafe(12)}
            form = TestSendForm(initial={**first, **request.POST.dict()})
        sent = request.GET.get("message", "")
        context = {
            **self.site.each_context(request),
            "title": gettext("Test send"),
            "opts": self.pages.opts,
            "form": form,
            "trial_url": self._url("_trial"),
            "media": self.pages.media,
            "list_url": self.pages.list_of(Template),
            **(_told(_trial_of(request)) if request.method == "POST" else {}),
            **(self._watched(request, int(sent)) if sent.isascii() and sent.isdigit() and len(sent) < 19 else {}),
        }
        return render(request, _PAGE, context)

    @method_decorator(require_POST)
    def trial(self, request: HttpRequest) -> HttpResponse:
        """Say what would become of what is typed so far, as a piece of the page."""
        _check(request)
        return render(request, _TRIAL, _told(_trial_of(request)))

    @method_decorator([require_GET, never_cache])
    def status(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say where a test message stands, as a piece of the page, to who sent it."""
        _check(request)
        return render(request, _STATUS, self._watched(request, pk))

    def _url(self, more: str = "", *args: object) -> str:
        return reverse(f"admin:django_ihuyi_test_send{more}", args=args, current_app=self.site.name)

    def _send(self, request: HttpRequest, form: TestSendForm) -> Message | None:
        data = form.cleaned_data
        template = data["template"]
        try:
            with transaction.atomic():
                key = f"test-send:{request.user.pk}:{data['nonce']}"
                again = Message.objects.filter(idempotency_key=key).first()
                if again is not None:
                    return again
                if _has_sent_enough(request):
                    form.add_error(None, gettext("You have sent many test messages. Wait a while before the next one."))
                    return None
                message = send_sms(
                    data["mobile"],
                    None if template else data["content"],
                    template=template and template.name,
                    params=_lines(data["params"]) if template else None,
                    account=data["account"],
                    idempotency_key=key,
                    metadata={SENT_BY: str(request.user.pk)},
                )
                said = [{"added": {"name": gettext_noop("test message"), "object": f"SMS {message.pk}"}}]
                admin.ModelAdmin(Message, self.site).log_addition(request, message, said)
                return message
        except InvalidMessage as error:
            form.add_error(None, _explained(error.code))
            return None

    def _watched(self, request: HttpRequest, pk: int) -> dict[str, Any]:
        message = Message.objects.filter(pk=pk).first()
        if message is None or message.metadata.get(SENT_BY) != str(request.user.pk):
            raise Http404
        paused = AccountState.objects.filter(account=message.account, paused_since__isnull=False).first()
        return {
            "message": message,
            "badge": display.status_badge(message),
            "standing": describe(message, paused=paused, now=timezone.now()),
            "on_the_way": message.status in _ON_THE_WAY,
            "status_url": self._url("_status", message.pk),
            "message_url": self.pages.page_of(message) if request.user.has_perm("django_ihuyi.view_message") else "",
        }


def _check(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _has_sent_enough(request: HttpRequest) -> bool:
    # The row is locked, so that two requests at a time do not both count the same.
    person = get_user_model()._default_manager.select_for_update().get(pk=str(request.user.pk))
    kind = ContentType.objects.get_for_model(Message)
    sent = LogEntry.objects.filter(user_id=person.pk, content_type=kind, action_flag=ADDITION)
    now = timezone.now()
    return any(sent.filter(action_time__gte=now - window)[:most].count() >= most for window, most in LIMITS)


def _trial_of(request: HttpRequest) -> tuple[Trial, Template | None]:
    form = TestSendForm(request.POST)
    form.is_valid()
    template: Template | None = form.cleaned_data.get("template")
    trial = examine(
        request.POST.get("mobile", ""),
        None if template else request.POST.get("content", ""),
        account=form.cleaned_data.get("account") or "default",
        template=template,
        params=_lines(request.POST.get("params", "")) if template else None,
    )
    return trial, template


def _told(found: tuple[Trial, Template | None]) -> dict[str, Any]:
    trial, template = found
    return {
        "trial": trial,
        "chosen": template,
        "refusals": [(code, _explained(code)) for code in trial.refusals],
        "warnings": [(code, _explained(code)) for code in trial.warnings],
    }


def _explained(code: int) -> str:
    known = lookup(code)
    return f"{gettext(known.meaning)} {gettext(known.advice)}"
