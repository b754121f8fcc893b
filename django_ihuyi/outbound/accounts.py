"""An account at fault: its messages wait, one probe at a time tries again, and everything flows when one succeeds."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from django.core.exceptions import ImproperlyConfigured

from django_ihuyi import conf
from django_ihuyi.gateway import GatewayError, Scope, SubmitResult, lookup
from django_ihuyi.models import AccountState

from .clients import make_client

logger = logging.getLogger(__name__)

_TOLD_BY_BALANCE = frozenset({400, 401, 402, 405, 4050, 4051})
"""Codes whose end a balance query shows (PROTOCOL 3: what GetNum answers; 4051 is a balance of 0). For the others
only a message tells."""


def pause(alias: str, result: SubmitResult, *, now: datetime) -> None:
    """Stop an account's messages because of what the gateway answered, and tell staff once.

    Args:
        alias: The account's alias.
        result: An answer whose code is about the account or the clock.
        now: The present.
    """
    offset = None
    if lookup(result.code).scope is Scope.CLOCK and result.server_time:
        offset = round((datetime.now(UTC) - result.server_time).total_seconds())
    if AccountState.objects.pause(alias, code=result.code, msg=result.msg, clock_offset=offset, now=now):
        logger.error(
            "Account %r is paused: the gateway answered code %s.%s",
            alias,
            result.code,
            _say_offset(offset),
            extra={"event": "account.paused", "account": alias, "code": result.code},
        )


def pause_silent(alias: str, *, now: datetime) -> None:
    """Stop an account's messages because the gateway does not answer, and tell staff once.

    Args:
        alias: The account's alias.
        now: The present.
    """
    if AccountState.objects.pause(alias, code=None, msg="", clock_offset=None, now=now):
        logger.error(
            "Account %r is paused: many calls in a row had no answer of the gateway.",
            alias,
            extra={"event": "account.silent", "account": alias},
        )


def probe_by_balance(state: AccountState, *, now: datetime) -> bool:
    """Ask for the balance to see whether a paused account is mended, where no message waits that could tell.

    Args:
        state: A paused account whose next probe is due.
        now: The present.

    Returns:
        Whether the account is resumed.
    """
    told = state.code is None or state.code in _TOLD_BY_BALANCE
    askable = state.account in conf.get_aliases_of(lambda product: product.tells_balance)
    if not told or not askable or not AccountState.objects.take_probe(state.account, now=now):
        return False
    try:
        balance = make_client(conf.get_account(state.account)).get_balance()
    except (GatewayError, ImproperlyConfigured):
        return False
    return (balance > 0 or state.code is None) and AccountState.objects.resume(state.account)


def _say_offset(offset: int | None) -> str:
    if offset is None:
        return ""
    return f" This server's clock is {abs(offset)} s {'ahead of' if offset >= 0 else 'behind'} the gateway's: set it."
