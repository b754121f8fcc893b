"""Admin pages of webhook deliveries, and replay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from django_ihuyi.admin import display
from django_ihuyi.admin.base import Tool, WithMessageAdmin, is_on_a_rows_page
from django_ihuyi.admin.confirmation import hidden_inputs, preview_rows, selected_rows
from django_ihuyi.admin.filters import DayFilter
from django_ihuyi.webhooks import dispatch
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint
from django_ihuyi.webhooks.models.delivery import ENDED, DeliveryStatus
from django_ihuyi.webhooks.models.endpoint import PING, WebhookEvent

MAX_SELECTED = 500
"""Deliveries that one confirmation posts again: each is changed and logged by itself."""
_REPLAY = "ihuyi_webhooks_webhookdelivery_replay"
_BADGES = {
    DeliveryStatus.PENDING: ("wait", "…"),
    DeliveryStatus.SENDING: ("wait", "→"),
    DeliveryStatus.DELIVERED: ("good", "✓"),
    DeliveryStatus.DEAD: ("bad", "✗"),
}


class EventFilter(admin.SimpleListFilter):
    """By event."""

    title = _("event")
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        """Return all events."""
        return [*WebhookEvent.choices, (PING, PING)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the rows."""
        return queryset.filter(event=self.value()) if self.value() else queryset


class EndpointFilter(admin.SimpleListFilter):
    """By endpoint."""

    title = _("endpoint")
    parameter_name = "endpoint"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Return those there are: a site has a handful."""
        return [(str(pk), name) for pk, name in WebhookEndpoint.objects.order_by("name").values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the rows."""
        value = self.value()
        if value is None:
            return queryset
        return queryset.filter(endpoint=int(value)) if value.isdecimal() and len(value) <= 18 else queryset.none()


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(WithMessageAdmin[WebhookDelivery]):
    """Events on their way to endpoints."""

    list_display_links = ("id",)
    list_filter = ("status", EventFilter, EndpointFilter, ("created_at", DayFilter))
    lookups = frozenset({"status__exact", "event", "endpoint", "created_at__gte", "created_at__lt"})
    dated_by = "created_at"
    scanned = frozenset({"event"})
    not_listed = ("data",)
    actions: Any = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        """Read the endpoints' names along."""
        return super().get_queryset(request).select_related("endpoint")

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the columns for this reader."""
        told = ("id", "event", "endpoint", "status_badge", "attempts", "answer", "error", "created")
        return (*told, self.message_column(request))

    def get_fieldsets(self, request: HttpRequest, obj: WebhookDelivery | None = None) -> Any:  # noqa: ANN401  Django's own
        """Return the parts of the page for this reader."""
        what = ("event", "endpoint", "event_id", self.message_column(request), "values")
        posting = ("status_badge", "attempts", "answer", "error", "created", "due", "ended")
        return [(None, {"fields": what}), (_("Posting"), {"fields": posting})]

    def get_actions(self, request: HttpRequest, action_location: object = None) -> dict[str, Any]:
        """Return what this person may do with chosen rows: post them again."""
        if is_on_a_rows_page(action_location) or not self._may_replay(request):
            return {}
        return {"replay": (WebhookDeliveryAdmin.replay_chosen, "replay", gettext("Post again"))}

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses, with that of posting one again."""
        return [
            path("<int:pk>/replay/", self.admin_site.admin_view(self.replay_view), name=_REPLAY),
            *super().get_urls(),
        ]

    def tools(self, request: HttpRequest, row: WebhookDelivery) -> list[Tool]:
        """Lead to posting it again."""
        tools = super().tools(request, row)
        if row.status in ENDED and self._may_replay(request):
            url = reverse(f"admin:{_REPLAY}", args=[row.pk], current_app=self.admin_site.name)
            tools.append(Tool(url, gettext("Post again")))
        return tools

    def replay_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask whether to post one delivery again; by POST, do it."""
        if not self._may_replay(request):
            raise PermissionDenied
        rows = list(self.get_queryset(request).filter(pk=pk))
        if not rows:
            raise Http404
        return self._replay(request, rows, back=self.page_of(rows[0]))

    def replay_chosen(self, request: HttpRequest, chosen: QuerySet[WebhookDelivery]) -> HttpResponse:
        """What Django calls for the choice in a list."""
        rows = selected_rows(request, chosen).order_by("-pk")[:MAX_SELECTED]
        return self._replay(request, list(rows), back=request.get_full_path())

    def _may_replay(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("ihuyi_webhooks.replay_webhooks")

    def _replay(self, request: HttpRequest, rows: Sequence[WebhookDelivery], *, back: str) -> HttpResponse:
        if request.method != "POST" or "confirmed" not in request.POST:
            return self._ask(request, rows, back=back)
        replayed: list[int] = []
        with transaction.atomic(using=WebhookDelivery.objects.db):
            # Oldest first, as they happened.
            for row in reversed(rows):
                if row.replay(now=timezone.now()):
                    self.log_change(request, row, gettext("Posted again."))
                    replayed.append(row.pk)
            transaction.on_commit(lambda: dispatch.enqueue(replayed), using=WebhookDelivery.objects.db, robust=True)
        done, left = len(replayed), len(rows) - len(replayed)
        if done:
            said = ngettext("%(count)d delivery is posted again.", "%(count)d deliveries are posted again.", done)
            messages.success(request, said % {"count": done})
        if left:
            said = ngettext(
                "%(count)d delivery is left as it is: it is still under way.",
                "%(count)d deliveries are left as they are: they are still under way.",
                left,
            )
            messages.warning(request, said % {"count": left})
        return HttpResponseRedirect(back)

    def _ask(self, request: HttpRequest, rows: Sequence[WebhookDelivery], *, back: str) -> HttpResponse:
        return self.show(
            request,
            "admin/ihuyi_webhooks/webhookdelivery/replay.html",
            gettext("Post again"),
            count=len(rows),
            rows=[
                (row.pk, row.event, row.endpoint, self.status_badge(row), self.created(row))
                for row in preview_rows(rows)
            ],
            back=back,
            **hidden_inputs(request, rows),
        )

    @admin.display(description=_("status"))
    def status_badge(self, delivery: WebhookDelivery) -> SafeString:
        """Show where it stands."""
        return display.badge(*_BADGES[DeliveryStatus(delivery.status)], delivery.get_status_display())

    @admin.display(description=_("data"))
    def values(self, delivery: WebhookDelivery) -> SafeString | str:
        """Show what it says, but for the number and the metadata: those are read when it is posted."""
        return display.data(delivery.data)

    @admin.display(description=pgettext_lazy("date", "created"))
    def created(self, delivery: WebhookDelivery) -> SafeString | str:
        """Show when it happened."""
        return display.time(delivery.created_at)

    @admin.display(description=_("not before"))
    def due(self, delivery: WebhookDelivery) -> SafeString | str:
        """Show from when on it may be posted."""
        return display.time(delivery.due_at)

    @admin.display(description=_("ended"))
    def ended(self, delivery: WebhookDelivery) -> SafeString | str:
        """Show when it was delivered or given up."""
        return display.time(delivery.ended_at)
