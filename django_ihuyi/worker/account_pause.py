"""Pause an account after a refusal that concerns the account, probe it, and resume its messages at once."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import partial

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Q

from django_ihuyi import conf
from django_ihuyi.dispatch import get_dispatcher
from django_ihuyi.gateway import GatewayError, Scope, SubmitResult
from django_ihuyi.models import AccountState, Message
from django_ihuyi.models.message_status import ORDER_OF_WORK

from . import backlog
from .client_factory import make_client

logger = logging.getLogger(__name__)


def pause(alias: str, result: SubmitResult, *, now: datetime) -> None:
    """Stop an account's messages because of what the gateway answered, and tell staff once.

    Args:
        alias: The account's alias.
        result: An answer whose code is about the account or the clock.
        now: The present.
    """
    offset = None
    if conf.lookup_code(result.code, alias).scope is Scope.CLOCK and result.server_time:
        offset = round((datetime.now(UTC) - result.server_time).total_seconds())
    if AccountState.objects.pause(alias, code=result.code, msg=result.msg, clock_offset=offset, now=now):
        logger.error(
            "Account %r is paused: the gateway answered code %s.%s",
            alias,
            result.code,
            _describe_offset(offset),
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


def probe(state: AccountState, *, now: datetime) -> bool:
    """Try a paused account whose next probe is due: with messages that wait, or else with a balance query.

    One message of each category is given to the workers: the queue of another may have none. The first that a worker
    takes is the probe. The balance is asked for as well where all of them were given to the workers before in vain.

    Args:
        state: The account's state.
        now: The present.

    Returns:
        Whether a message was given to the workers, or the account is resumed.
    """
    candidates = _candidates(state, now)
    given = [_publish(message, now) for message in candidates]
    if all(message.publishes for message in candidates) and _probe_by_balance(state, now):
        return True
    return any(given)


def probe_soon(state: AccountState, *, now: datetime) -> bool:
    """Have a paused account tried at once: staff know better than the clock when it was mended.

    Messages that wait go to the workers with the commit. Where none waits, the next sweep asks for the balance:
    nobody's request waits for the gateway.

    Args:
        state: The account's state.
        now: The present.

    Returns:
        Whether the account is paused.
    """
    if not AccountState.objects.probe_soon(state.account, now=now):
        return False
    for message in _candidates(state, now):
        transaction.on_commit(partial(_publish, message, now), using=AccountState.objects.db, robust=True)
    return True


def _candidates(state: AccountState, now: datetime) -> list[Message]:
    """The message of each category that has waited longest, codes first."""
    waiting = Message.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=now),
        account=state.account,
        status=Message.Status.QUEUED,
        due_at__lte=now,
    )
    found = (waiting.filter(category=category).order_by("publish_at").first() for category in ORDER_OF_WORK)
    return [message for message in found if message is not None]


def _publish(message: Message, now: datetime) -> bool:
    # No longer each time: the account's next probe is the next time.
    dispatcher = get_dispatcher()
    return message.reserve_enqueue(publish_at=dispatcher.next_enqueue_at(now)) and dispatcher.enqueue(message)


def _probe_by_balance(state: AccountState, now: datetime) -> bool:
    told = state.code is None or conf.lookup_code(state.code, state.account).probed_by_balance
    askable = state.account in conf.get_aliases_of(lambda product: product.supports_balance)
    if not told or not askable or not AccountState.objects.acquire_probe(state.account, now=now):
        return False
    try:
        balance = make_client(conf.get_account(state.account)).get_balance()
    except (GatewayError, ImproperlyConfigured):
        return False
    resumed = (balance > 0 or state.code is None) and AccountState.objects.resume(state.account)
    if resumed:
        backlog.enqueue_account(state.account)
    return resumed


def _describe_offset(offset: int | None) -> str:
    if offset is None:
        return ""
    return f" This server's clock is {abs(offset)} s {'ahead of' if offset >= 0 else 'behind'} the gateway's: set it."
