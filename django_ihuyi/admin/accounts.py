"""The pages of accounts' states, and what staff are told while an account is paused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ihuyi.gateway.codes import lookup
from django_ihuyi.models import AccountState

from . import display
from .base import ReadOnlyAdmin


@dataclass(frozen=True, slots=True)
class Pause:
    """What the banner says of a paused account. ``code`` and ``words`` are the gateway's, if it answered."""

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
            account=state.account,
            since=display.time(state.paused_since),
            code=state.code,
            words=state.msg,
            meaning=meaning(state),
            advice=what_to_do(state),
            next_try=display.time(state.probe_at) if state.probe_at else None,
        )


def meaning(state: AccountState) -> str:
    """Say what is wrong with a paused account."""
    if state.code is not None:
        return gettext(lookup(state.code).meaning)
    return gettext("The gateway does not answer, or says each time that it cannot work now.")


def what_to_do(state: AccountState) -> str:
    """Say what mends a paused account."""
    if state.code is None:
        return gettext(
            "Check this server's network, its firewall and the account's BASE_URL. "
            "The account is tried again by itself."
        )
    advice = gettext(lookup(state.code).advice)
    if state.clock_offset is None:
        return advice
    if state.clock_offset >= 0:
        offset = gettext("This server's clock is %(seconds)d s ahead of the gateway's.")
    else:
        offset = gettext("This server's clock is %(seconds)d s behind the gateway's.")
    return f"{offset % {'seconds': abs(state.clock_offset)}} {advice}"


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
        return meaning(state) if _is_silent(state) else display.code(state.code)

    @admin.display(description=_("what to do"))
    def advice(self, state: AccountState) -> str:
        """Show what the operator does next."""
        return what_to_do(state) if _is_silent(state) or state.code is not None else display.EMPTY

    @admin.display(description=_("next try"))
    def next_try(self, state: AccountState) -> SafeString | str:
        """Show when it is tried again."""
        return display.time(state.probe_at)
