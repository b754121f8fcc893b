"""Admin pages of account states, and the alert and actions for a paused account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ihuyi import conf
from django_ihuyi.models import AccountState
from django_ihuyi.sentences import join_sentences
from django_ihuyi.worker import account_pause

from . import display
from .base import ReadOnlyAdmin, Tool

_PROBE = "django_ihuyi_accountstate_probe"
_PROBE_NOW = {
    "label": _("Try it now"),
    "question": _("Have this account tried now?"),
    "explanation": _(
        "One message that waits is sent to see whether the account is mended, or the balance is asked for where none "
        "waits. If it works, all of them go out; if not, the account stays paused."
    ),
}


@dataclass(frozen=True, slots=True)
class Pause:
    """What the banner says of a paused account. ``code`` and ``words`` are the gateway's, if it answered."""

    number: int
    account: str
    since: SafeString | str
    code: int | None
    words: str
    meaning: str
    advice: str
    next_try: SafeString | str | None


def pauses() -> Iterator[Pause]:
    """Read the accounts that are paused."""
    for state in AccountState.objects.filter(paused_since__isnull=False).order_by("account"):
        yield Pause(
            number=state.pk,
            account=state.account,
            since=display.time(state.paused_since),
            code=state.code,
            words=state.msg,
            meaning=explanation(state),
            advice=suggested_action(state),
            next_try=display.time(state.probe_at) if state.probe_at else None,
        )


def explanation(state: AccountState) -> str:
    """Say what is wrong with a paused account."""
    if state.code is not None:
        return gettext(conf.lookup_code(state.code, state.account).meaning)
    return gettext("The gateway does not answer, or says each time that it cannot work now.")


def suggested_action(state: AccountState) -> str:
    """Say what mends a paused account."""
    if state.code is None:
        return gettext(
            "Check this server's network, its firewall and the account's BASE_URL. "
            "The account is tried again by itself."
        )
    advice = gettext(conf.lookup_code(state.code, state.account).action)
    if state.clock_offset is None:
        return advice
    if state.clock_offset >= 0:
        offset = gettext("This server's clock is %(seconds)d s ahead of the gateway's.")
    else:
        offset = gettext("This server's clock is %(seconds)d s behind the gateway's.")
    return join_sentences(offset % {"seconds": abs(state.clock_offset)}, advice)


def _is_silent(state: AccountState) -> bool:
    return state.code is None and state.paused_since is not None


@admin.register(AccountState)
class AccountStateAdmin(ReadOnlyAdmin[AccountState]):
    """Which accounts send and which are paused."""

    list_display = ("shown", "state", "since", "answer", "next_try")
    fieldsets = (
        (None, {"fields": ("shown", "state", "since", "next_try", "probes")}),
        (_("Last answer that paused it"), {"fields": ("answer", "msg", "advice")}),
    )

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses, with that of having a paused account tried."""
        view = self.admin_site.admin_view(self.probe_view)
        return [path("<int:pk>/probe/", view, name=_PROBE), *super().get_urls()]

    def tools(self, request: HttpRequest, row: AccountState) -> list[Tool]:
        """Lead to having it tried at once, while it is paused."""
        if row.paused_since is None or not self._may_probe(request):
            return super().tools(request, row)
        url = reverse(f"admin:{_PROBE}", args=[row.pk], current_app=self.admin_site.name)
        return [*super().tools(request, row), Tool(url, gettext("Try it now"))]

    def probe_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask whether to have a paused account tried at once; by POST, do it."""
        state = AccountState.objects.filter(pk=pk).first()
        if state is None:
            raise Http404
        if not self._may_probe(request):
            raise PermissionDenied
        back = self.page_of(state)
        if request.method != "POST":
            return self.show(
                request, "admin/django_ihuyi/ask.html", _PROBE_NOW["label"], act=_PROBE_NOW, row=state, back=back
            )
        # One transaction: what is done is logged, and what is logged is done.
        with transaction.atomic(using=AccountState.objects.db):
            done = account_pause.probe_soon(state, now=timezone.now())
            if done:
                self.log_change(request, state, gettext("Had it tried at once."))
        if done:
            messages.success(request, gettext("It is tried within a minute. This page shows what came of it."))
        else:
            messages.warning(request, gettext("Nothing was done: it is not paused any more."))
        return HttpResponseRedirect(back)

    def _may_probe(self, request: HttpRequest) -> bool:
        return request.user.has_perm("django_ihuyi.probe_account") and self.has_view_permission(request)

    @admin.display(description=_("account"))
    def shown(self, state: AccountState) -> str:
        """Show the account, and what it is of where that is not SMS."""
        return display.account(state.account)

    @admin.display(description=_("state"))
    def state(self, state: AccountState) -> SafeString:
        """Show whether it is paused."""
        if state.paused_since:
            return display.badge("bad", "!", gettext("paused"))
        return display.badge("good", "✓", gettext("sending"))

    @admin.display(description=_("paused since"))
    def since(self, state: AccountState) -> SafeString | str:
        """Show since when."""
        return display.time(state.paused_since)

    @admin.display(description=_("code"))
    def answer(self, state: AccountState) -> SafeString | str:
        """Show the code that paused it."""
        return explanation(state) if _is_silent(state) else display.code(state.code, state.account)

    @admin.display(description=_("what to do"))
    def advice(self, state: AccountState) -> str:
        """Show what the operator does next."""
        return suggested_action(state) if _is_silent(state) or state.code is not None else display.EMPTY

    @admin.display(description=_("next try"))
    def next_try(self, state: AccountState) -> SafeString | str:
        """Show when it is tried again."""
        return display.time(state.probe_at)
