"""Read state of replies, changed by an action or a button, never by opening a page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _

from django_ihuyi.models import Reply

PERMISSION = "django_ihuyi.mark_reply"
MAX_SELECTED = 1000
"""Replies that are marked at once."""


class UnreadFilter(admin.SimpleListFilter):
    """Unread replies."""

    title = _("read?")
    parameter_name = "unread"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Return the two choices."""
        return [("yes", gettext("unread")), ("no", gettext("read already"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the rows."""
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(read_at__isnull=self.value() == "yes")


@admin.action(description=_("Mark as read"))
def mark_read(_pages: object, request: HttpRequest, chosen: QuerySet[Reply]) -> None:
    """Mark the chosen replies as read by whoever asks."""
    mark(request, chosen, read=True)


@admin.action(description=_("Mark as unread"))
def mark_unread(_pages: object, request: HttpRequest, chosen: QuerySet[Reply]) -> None:
    """Mark the chosen replies as unread."""
    mark(request, chosen, read=False)


def actions_for(request: HttpRequest) -> dict[str, tuple[Any, str, Any]]:
    """Return the actions that this person may take, as Django wants them."""
    if not request.user.has_perm(PERMISSION):
        return {}
    return {
        "mark_read": (mark_read, "mark_read", _("Mark as read")),
        "mark_unread": (mark_unread, "mark_unread", _("Mark as unread")),
    }


def mark(request: HttpRequest, chosen: QuerySet[Reply], *, read: bool) -> None:
    """Mark replies, log it, and say how many there were.

    Args:
        request: Whose user marks them.
        chosen: Which, :data:`MAX_SELECTED` at the most.
        read: As read, or as unread.
    """
    pks = list(chosen.order_by().values_list("pk", flat=True)[: MAX_SELECTED + 1])
    if len(pks) > MAX_SELECTED:
        messages.error(request, gettext("More than %(most)d replies: choose fewer.") % {"most": MAX_SELECTED})
        return
    user = request.user if read else None
    changed = Reply.objects.mark(pks, read_by=user, now=timezone.now() if read else None)
    said = [{"changed": {"fields": [gettext_noop("Read at")]}}]
    LogEntry.objects.log_actions(request.user.pk, changed, CHANGE, said)  # type: ignore[arg-type]  # rows; the stubs want a queryset
    count = len(changed)
    messages.success(
        request, ngettext("%(count)d reply marked.", "%(count)d replies marked.", count) % {"count": count}
    )
