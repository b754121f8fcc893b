"""Admin actions on messages, from the list or a message page, each confirmed on a page of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_ihuyi.models import Message
from django_ihuyi.models.message_status import InvalidTransition
from django_ihuyi.transactions import retry_on_conflict

from . import display
from .base import is_on_a_rows_page
from .confirmation import hidden_inputs, preview_rows, selected_rows
from .field_masking import display_mobile
from .mobile_search import MobileSearchMixin
from .row_actions import MAX_SELECTED, ROW_ACTIONS, Reason, RowAction


@dataclass(frozen=True, slots=True)
class Row:
    """A message on the confirmation's page. ``reason`` says why it is left as it is, if it is."""

    number: int
    badge: SafeString
    mobile: str
    created: SafeString | str
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Button:
    """An act that somebody may do to the message of a page."""

    label: Reason
    url: str


class ActionsMixin(MobileSearchMixin[Message]):
    """Pages of messages to which staff may do something."""

    actions: Any = ()

    def get_actions(self, request: HttpRequest, action_location: object = None) -> dict[str, Any]:
        """Return what this person may do. A site's own actions for all models know nothing of masks: none of them.

        Args:
            request: The request.
            action_location: Where Django 6.1 and newer show them: the page of one message has buttons instead.
        """
        if is_on_a_rows_page(action_location):
            return {}
        return {
            name: (partial(self._run_on_list, act), name, str(act.label))
            for name, act in ROW_ACTIONS.items()
            if act.allowed_to(request.user)
        }

    def get_urls(self) -> list[URLPattern]:
        """Return the pages' addresses, with that of doing something to one message."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_act"
        view = self.admin_site.admin_view(self.action_view)
        return [path("<int:pk>/act/<slug:name>/", view, name=name), *super().get_urls()]

    def buttons(self, request: HttpRequest, message: Message) -> list[Button]:
        """Return what this person may do to the message now."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_act"
        return [
            Button(act.label, reverse(name, args=[message.pk, act.name], current_app=self.admin_site.name))
            for act in ROW_ACTIONS.values()
            if act.allowed_to(request.user) and act.reason_against(message) is None
        ]

    def action_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponseBase:
        """Ask whether to do something to one message, and do it."""
        act = ROW_ACTIONS.get(name)
        if act is None or not act.allowed_to(request.user) or not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        chosen = Message.objects.filter(pk=pk)
        if not chosen.exists():
            raise Http404
        return self.run_action(request, act, chosen, back=self.page_of(Message(pk=pk)))

    def _run_on_list(
        self, act: RowAction, _admin: object, request: HttpRequest, queryset: QuerySet[Message]
    ) -> HttpResponseBase:
        """What Django calls for the choice in a list."""
        # The list leaves texts unread; here they are read in one go.
        return self.run_action(request, act, queryset.defer(None), back=request.get_full_path())

    def run_action(
        self, request: HttpRequest, act: RowAction, chosen: QuerySet[Message], back: str
    ) -> HttpResponseBase:
        """Show the confirmation, or do it once it is given.

        Args:
            request: A POST. ``confirmed`` says that the confirmation was seen, ``newest`` which messages were there,
                ``sure`` that what is doubtful was confirmed too.
            act: What to do.
            chosen: To which messages.
            back: Where to go afterwards, or instead.
        """
        found = list(selected_rows(request, chosen)[: MAX_SELECTED + 1])
        more, rows = len(found) > MAX_SELECTED, found[:MAX_SELECTED]
        doubtful = [row for row in rows if act.reason_against(row) is None and act.may_be_duplicate(row)]
        if "confirmed" not in request.POST:
            return self._confirm(request, act, rows, doubtful=len(doubtful), more=more, back=back)
        if doubtful and "sure" not in request.POST:
            missing = _("Nothing was done: confirm also that it may cost twice.")
            return self._confirm(request, act, rows, doubtful=len(doubtful), more=more, back=back, missing=missing)
        self._run(request, act, rows)
        return HttpResponseRedirect(back)

    def _confirm(
        self,
        request: HttpRequest,
        act: RowAction,
        rows: Sequence[Message],
        *,
        doubtful: int,
        more: bool,
        back: str,
        missing: str = "",
    ) -> HttpResponse:
        refused = Counter(str(reason) for reason in map(act.reason_against, rows) if reason is not None)
        return self.show(
            request,
            "admin/django_ihuyi/message/confirm.html",
            act.label,
            act=act,
            count=len(rows) - refused.total(),
            refused=refused.most_common(),
            doubtful=doubtful,
            missing=missing,
            most=MAX_SELECTED if more else None,
            rows=[self._row(request, act, row) for row in preview_rows(rows)],
            back=back,
            **hidden_inputs(request, rows),
        )

    def _row(self, request: HttpRequest, act: RowAction, message: Message) -> Row:
        return Row(
            number=message.pk,
            badge=display.status_badge(message),
            mobile=display_mobile(message.mobile, request),
            created=display.time(message.created_at),
            reason=act.reason_against(message),
        )

    def _run(self, request: HttpRequest, act: RowAction, rows: Sequence[Message]) -> None:
        """Do it to each message by itself, with its entry in the log, and say what came of it."""
        refused: Counter[str] = Counter()
        made: list[Message] = []
        # Oldest first, as they were meant to go out.
        for message in reversed(rows):
            do = partial(self._run_once, request, act, message)
            try:
                again = retry_on_conflict(do, using=Message.objects.db, restoring=[message])
            except InvalidTransition as error:
                refused[str(error.reason)] += 1
            else:
                made += [again] if again else []
        done = len(rows) - refused.total()
        if done:
            self.message_user(request, self._report(act, done, made), messages.SUCCESS)
        for reason, count in refused.most_common():
            left = ngettext(
                "%(count)d message is left as it is: %(reason)s",
                "%(count)d messages are left as they are: %(reason)s",
                count,
            )
            self.message_user(request, left % {"count": count, "reason": reason}, messages.WARNING)

    def _run_once(self, request: HttpRequest, act: RowAction, message: Message) -> Message | None:
        # One transaction: what is done is logged, and what is logged is done.
        with transaction.atomic(using=Message.objects.db):
            words, again = act.do(message)
            self.log_change(request, message, words)
        return again

    def _report(self, act: RowAction, done: int, made: Sequence[Message]) -> str:
        if len(made) != 1:
            return act.done(done)
        return format_html("{} {}", act.done(done), display.link(self.page_of(made[0]), f"SMS {made[0].pk}"))
