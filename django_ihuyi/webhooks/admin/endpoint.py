"""Admin pages of webhook endpoints. A secret is shown once, when it is created."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ihuyi.admin import display
from django_ihuyi.admin.base import ReadOnlyAdmin, Tool
from django_ihuyi.admin.field_masking import sees_unmasked
from django_ihuyi.webhooks.conf import has_webhooks
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint
from django_ihuyi.webhooks.models.endpoint import WebhookEvent

from .endpoint_actions import ENDPOINT_ACTIONS, EndpointAction
from .endpoint_form import EndpointForm

_ACT = "ihuyi_webhooks_webhookendpoint_act"
_WRITTEN = ("name", "url", "events", "account", "category", "whole_numbers")


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin[WebhookEndpoint]):
    """Other systems that hear of events."""

    form = EndpointForm
    list_display = ("name", "state", "host", "account", "category", "whole_numbers")
    list_display_links = ("name",)
    readonly_fields = ("state", "off_since", "reason", "failures", "old_secret", "host", "event_names")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may add an endpoint."""
        return request.user.has_perm("ihuyi_webhooks.add_webhookendpoint")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether somebody may change this one: who may not see whole numbers may not say where they go."""
        whole = isinstance(obj, WebhookEndpoint) and obj.whole_numbers and not sees_unmasked(request)
        return not whole and request.user.has_perm("ihuyi_webhooks.change_webhookendpoint")

    def get_readonly_fields(self, request: HttpRequest, obj: WebhookEndpoint | None = None) -> tuple[str, ...]:
        """Return what this person cannot write."""
        return tuple(self.readonly_fields) if sees_unmasked(request) else (*self.readonly_fields, "whole_numbers")

    def get_fieldsets(self, request: HttpRequest, obj: WebhookEndpoint | None = None) -> Any:  # noqa: ANN401  Django's own
        """Return the parts of the page. A URL may hold a secret of the receiver's: only who may change it sees it."""
        if obj is None:
            return [(None, {"fields": _WRITTEN})]
        shown = ("name", "host", "event_names", "account", "category", "whole_numbers")
        fields = _WRITTEN if self.has_change_permission(request, obj) else shown
        told = ("state", "off_since", "reason", "failures", "old_secret")
        return [(None, {"fields": fields}), (_("State"), {"fields": told})]

    def save_model(self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool) -> None:  # noqa: ANN401  Django's own
        """Save what was written, and nothing that a worker or a rotation changed meanwhile."""
        if change:
            obj.save(update_fields=[name for name in _WRITTEN if name in form.fields])
        else:
            super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: WebhookEndpoint, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret, instead of going back to the list: this is the only time."""
        return self._show_secret(request, obj)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, and say so where nothing goes out."""
        if not has_webhooks():
            messages.warning(request, gettext("Nothing is posted: IHUYI['WEBHOOKS'] does not stand in the settings."))
        return super().changelist_view(request, extra_context)

    def tools(self, request: HttpRequest, row: WebhookEndpoint) -> list[Tool]:
        """Lead to what can be done to it, and to what it was sent."""
        tools = [
            Tool(reverse(f"admin:{_ACT}", args=[row.pk, act.name], current_app=self.admin_site.name), str(act.label))
            for act in ENDPOINT_ACTIONS.values()
            if self._may(request, act, row) and act.offered(row)
        ]
        if request.user.has_perm("ihuyi_webhooks.view_webhookdelivery"):
            tools.append(Tool(f"{self.list_of(WebhookDelivery)}?endpoint={row.pk}", gettext("Deliveries")))
        return [*super().tools(request, row), *tools]

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses, with that of doing something to one endpoint."""
        view = self.admin_site.admin_view(self.action_view)
        return [path("<int:pk>/act/<slug:name>/", view, name=_ACT), *super().get_urls()]

    def action_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Ask whether to do something to an endpoint; by POST, do it."""
        endpoint, act = WebhookEndpoint.objects.filter(pk=pk).first(), ENDPOINT_ACTIONS.get(name)
        if endpoint is None or act is None:
            raise Http404
        if not self._may(request, act, endpoint):
            raise PermissionDenied
        if request.method != "POST":
            back = self.page_of(endpoint)
            return self.show(request, "admin/django_ihuyi/ask.html", str(act.label), act=act, row=endpoint, back=back)
        # One transaction: what is done is logged, and what is logged is done.
        with transaction.atomic(using=WebhookEndpoint.objects.db):
            done = act.offered(endpoint) and act.do(endpoint)
            if done:
                self.log_change(request, endpoint, str(act.done))
        if not done:
            messages.warning(request, gettext("Nothing was done: somebody else was quicker."))
        elif act.shows_secret:
            return self._show_secret(request, endpoint)
        else:
            messages.success(request, str(act.done))
        return HttpResponseRedirect(self.page_of(endpoint))

    def _may(self, request: HttpRequest, act: EndpointAction, endpoint: WebhookEndpoint) -> bool:
        # Switching is a kind of changing: who may not change this endpoint may not do that either.
        changes = act.permission != "change_webhookendpoint" or self.has_change_permission(request, endpoint)
        return changes and act.allowed_to(request.user) and self.has_view_permission(request, endpoint)

    def _show_secret(self, request: HttpRequest, endpoint: WebhookEndpoint) -> HttpResponse:
        return self.show(
            request,
            "admin/ihuyi_webhooks/webhookendpoint/secret.html",
            gettext("The secret of “%(name)s”") % {"name": endpoint.name},
            secret=endpoint.secret,
            old=display.time(endpoint.previous_until) if endpoint.previous_until else None,
            back=self.page_of(endpoint),
        )

    @admin.display(description=_("state"))
    def state(self, endpoint: WebhookEndpoint) -> SafeString:
        """Show whether events go there."""
        if not endpoint.active:
            return display.badge("bad", "✗", gettext("switched off"))
        if endpoint.resting_until(timezone.now()):
            return display.badge("warn", "…", gettext("does not answer, tried again soon"))
        return display.badge("good", "✓", gettext("active"))

    @admin.display(description=_("host"))
    def host(self, endpoint: WebhookEndpoint) -> str:
        """Show where events go, without what may be a secret of the receiver's."""
        parts = urlsplit(endpoint.url)
        return f"{parts.scheme}://{parts.netloc}"

    @admin.display(description=_("events"))
    def event_names(self, endpoint: WebhookEndpoint) -> str:
        """Show what it hears of."""
        return ", ".join(str(WebhookEvent(event).label) for event in endpoint.events) or display.EMPTY

    @admin.display(description=_("switched off"))
    def off_since(self, endpoint: WebhookEndpoint) -> SafeString | str:
        """Show since when nothing goes there."""
        return display.time(endpoint.disabled_at)

    @admin.display(description=_("why it is switched off"))
    def reason(self, endpoint: WebhookEndpoint) -> str:
        """Show why nothing goes there, where nobody switched it off by hand."""
        return gettext(endpoint.disabled_reason) if endpoint.disabled_reason else display.EMPTY

    @admin.display(description=_("old secret counts until"))
    def old_secret(self, endpoint: WebhookEndpoint) -> SafeString | str:
        """Show how long the secret before still counts."""
        return display.time(endpoint.previous_until)
