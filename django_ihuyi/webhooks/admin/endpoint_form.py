"""Form of a webhook endpoint."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from django_ihuyi import conf
from django_ihuyi.webhooks import ssrf
from django_ihuyi.webhooks.conf import WebhookSettings, get_webhooks
from django_ihuyi.webhooks.models import WebhookEndpoint
from django_ihuyi.webhooks.models.endpoint import WebhookEvent

REASONS = (
    gettext_noop("the URL is malformed"),
    gettext_noop("the URL must begin with https://"),
    gettext_noop("the URL must name a host, and no user or password"),
    gettext_noop("its port is not allowed"),
    gettext_noop("the URL's host is malformed"),
    gettext_noop("the host has an address that is not public"),
)
"""What :class:`~django_ihuyi.webhooks.ssrf.AddressError` says, so that it can be translated."""


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A webhook endpoint."""

    events = forms.MultipleChoiceField(
        label=capfirst(_("events")), choices=WebhookEvent.choices, widget=forms.CheckboxSelectMultiple
    )
    account = forms.ChoiceField(
        label=capfirst(_("account")),
        required=False,
        choices=lambda: [("", _("All")), *((name, name) for name in conf.get_account_aliases())],
        help_text=_("Only events of this account; empty for all."),
    )

    class Meta:
        model = WebhookEndpoint
        fields = ("name", "url", "events", "account", "category", "whole_numbers")

    def clean_url(self) -> str:
        """Refuse what nothing would be posted to. The name is looked up at each post."""
        url = str(self.cleaned_data["url"])
        options = get_webhooks() or WebhookSettings()
        try:
            ssrf.check(url, allowed=options.allowed_networks, ports=options.ports, allow_http=options.allow_http)
        except ssrf.AddressError as error:
            raise ValidationError(
                _("Nothing can be posted there: %(why)s."), params={"why": gettext(str(error))}
            ) from None
        return url

    def clean_events(self) -> list[Any]:
        """Keep them in the order in which they are shown."""
        chosen = set(self.cleaned_data["events"])
        return [event for event in WebhookEvent.values if event in chosen]
