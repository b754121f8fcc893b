"""Form for messages that staff write: preview while typing, sent once, logged, rate-limited."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import router, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ihuyi import send_sms
from django_ihuyi.conf import get_aliases_of, get_price
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.gateway import lookup
from django_ihuyi.models import Message, Template
from django_ihuyi.sending.preview import preview_message
from django_ihuyi.sentences import join_sentences

from . import display


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why staff write messages.

    Attributes:
        key: What their idempotency keys begin with.
        name: What one is called in the admin's log, untranslated.
        sent_by: The key in a message's ``metadata`` under which stands who sent it.
        limits: How many one person may send in which time.
    """

    key: str
    name: str
    sent_by: str
    limits: tuple[tuple[timedelta, int], ...]


class ComposeForm(forms.Form):
    """A text, or a template with its variables."""

    account = forms.ChoiceField(
        label=_("account"),
        choices=lambda: [(name, name) for name in get_aliases_of(lambda product: not product.only_codes)],
    )
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


def new_nonce() -> str:
    """Return what makes two presses of one form's button the same message."""
    return secrets.token_urlsafe(12)


def compose(
    request: HttpRequest, site: admin.AdminSite, form: ComposeForm, mobile: str, purpose: Purpose
) -> Message | None:
    """Send what a valid form says, and log it.

    Args:
        request: Whose user sends it.
        site: The admin's site.
        form: A form that is valid. What is wrong with the message is added to its errors.
        mobile: To whom.
        purpose: What for.

    Returns:
        The message, of the same form the same one; None if it was refused.
    """
    data = form.cleaned_data
    template = data["template"]
    try:
        with transaction.atomic(using=Message.objects.db):
            key = f"{purpose.key}:{request.user.pk}:{data['nonce']}"
            again = Message.objects.filter(idempotency_key=key).first()
            if again is not None:
                return again
            if _has_sent_enough(request, purpose):
                form.add_error(None, gettext("You have sent many messages. Wait a while before the next one."))
                return None
            message = send_sms(
                mobile,
                None if template else data["content"],
                template=template and template.name,
                params=_lines(data["params"]) if template else None,
                account=data["account"],
                idempotency_key=key,
                metadata={purpose.sent_by: str(request.user.pk)},
            )
            said = [{"added": {"name": purpose.name, "object": f"SMS {message.pk}"}}]
            admin.ModelAdmin(Message, site).log_addition(request, message, said)
            return message
    except InvalidMessage as error:
        form.add_error(None, error_text(error.code))
        return None


def preview(request: HttpRequest, mobile: str) -> dict[str, Any]:
    """Say what would become of what is typed so far.

    Args:
        request: A POST of the fields of :class:`ComposeForm`, right or not.
        mobile: To whom; empty while nobody is named.

    Returns:
        What the template ``test_send/trial.html`` shows.
    """
    form = ComposeForm(request.POST)
    form.is_valid()
    template: Template | None = form.cleaned_data.get("template")
    trial = preview_message(
        mobile,
        None if template else request.POST.get("content", ""),
        account=form.cleaned_data.get("account") or "default",
        template=template,
        params=_lines(request.POST.get("params", "")) if template else None,
    )
    price = get_price(form.cleaned_data.get("account") or "default")
    return {
        "trial": trial,
        "cost": "" if price is None else display.yuan(price * trial.segments, places=4),
        "chosen": template,
        "refusals": [(code, error_text(code)) for code in trial.refusals],
        "warnings": [(code, error_text(code)) for code in trial.warnings],
    }


def error_text(code: int) -> str:
    """Say what a refusal means and what to do."""
    known = lookup(code)
    return join_sentences(gettext(known.meaning), gettext(known.action))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _has_sent_enough(request: HttpRequest, purpose: Purpose) -> bool:
    # The row is locked, so that two requests at a time do not both count the same.
    person = get_user_model()._default_manager.select_for_update().get(pk=str(request.user.pk))
    # Counted where it is written: what a replica does not know yet would be sent once more.
    sent = LogEntry.objects.using(router.db_for_write(LogEntry)).filter(
        user_id=person.pk,
        content_type=ContentType.objects.get_for_model(Message),
        action_flag=ADDITION,
        change_message__contains=f'"{purpose.name}"',
    )
    now = timezone.now()
    return any(sent.filter(action_time__gte=now - window)[:most].count() >= most for window, most in purpose.limits)
