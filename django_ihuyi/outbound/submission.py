"""Claim, submit, settle: one message's way over the wire, taken at most once whoever asks for it and how often."""

from __future__ import annotations

import enum
import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from django.db import InterfaceError, InternalError, OperationalError, router, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from django_ihuyi import conf
from django_ihuyi.gateway import Again, GatewayError, NotSent, Scope, SubmitResult, lookup
from django_ihuyi.gateway.answers import MSG_LENGTH
from django_ihuyi.masking import without_number
from django_ihuyi.models import AccountState, Message, OptOut, Receipt

from . import accounts, publishing, rates
from .clients import AccountClient, make_client
from .spacing import APART, TOO_OFTEN, just_used

Outcome = SubmitResult | Exception
"""What came of a Submit: the gateway's answer, a :class:`GatewayError`, or the fault of a client of the site's own."""

_LEASE_MARGIN = timedelta(seconds=30)
"""Beyond the longest call: a busy worker's way from the claim to the wire and back to the table."""
_PATIENCE_WITH_THE_DATABASE = 20.0
"""Seconds; less than the margin, so that no sweep ends the claim meanwhile."""
_FIRST_BACKOFF = 5.0
_LONGEST_BACKOFF = 900.0


@sensitive_variables()
def submit(pk: int) -> None:
    """Submit one message if it is queued, due and nobody else's.

    Args:
        pk: The message's primary key. One that is gone or settled is not an error: tasks come twice and late.
    """
    message = Message.objects.filter(pk=pk).first()
    if message is None or message.status != Message.Status.QUEUED or not _is_due(message):
        return
    if not OptOut.objects.wanted([message]):
        return
    account = conf.get_account(message.account)
    if not _await_turn(message, account):
        return
    client = make_client(account)
    claim = _claim(message, client)
    if claim is None:
        return
    outcome = exchange(client, message)
    surely(partial(settle, message, account, outcome, probe=claim is _Claim.PROBE))
    raise_fault(outcome)


@sensitive_variables()
def exchange(client: AccountClient, message: Message) -> Outcome:
    """Make the call for a claimed message. Touches no database, so that many threads can make it at once."""
    try:
        result = fit(client.submit(message.mobile, message.content, template=message.template or None))
    except Exception as error:  # noqa: BLE001  what a client of the site's own raises may have come after the message went out
        if isinstance(error, NotSent):
            accounts.tell_unreached(message.account, error)
        return error
    accounts.tell_reached(message.account)
    return result


def fit(result: SubmitResult) -> SubmitResult:
    """Make the answer of a client of the site's own fit the record, as the package's own are."""
    smsid = result.smsid if result.smsid and result.smsid.strip("0") else None
    if len(result.msg) <= MSG_LENGTH and smsid == result.smsid:
        return result
    return replace(result, msg=result.msg[:MSG_LENGTH], smsid=smsid)


def settle(message: Message, account: conf.AccountSettings, outcome: Outcome, *, probe: bool = False) -> None:
    """Write into the record what came of a claimed message's Submit.

    Args:
        message: The message.
        account: Its account.
        outcome: What :func:`exchange` returned.
        probe: Whether the message was taken although its account is paused.
    """
    if isinstance(outcome, SubmitResult):
        _settle_answer(message, account, outcome, probe=probe)
    elif isinstance(outcome, NotSent):
        _stay(message, account, error=str(outcome)[:MSG_LENGTH])
    elif isinstance(outcome, GatewayError):
        lose_answer(message, account, error=str(outcome)[:MSG_LENGTH])
    else:
        # It may have been after the message went out.
        lose_answer(message, account, error="The client failed; the worker's log says how.")


def raise_fault(outcome: Outcome) -> None:
    """Let a fault that is not the gateway's end the task that met it, once it is settled."""
    if isinstance(outcome, Exception) and not isinstance(outcome, GatewayError):
        raise outcome


def lease_of(client: AccountClient, *, calls: int = 1) -> timedelta:
    """How long a claim holds.

    Args:
        client: Who makes the call.
        calls: How many of its calls may follow one another until the claimed message's own has ended.
    """
    return timedelta(seconds=client.longest_call * calls) + _LEASE_MARGIN


def lose_answer(message: Message, account: conf.AccountSettings, *, error: str) -> None:
    """Settle a message of which nobody knows whether it went out.

    Args:
        message: A claimed message.
        account: Its account; ``resend_unknown`` prefers twice to never.
        error: What happened.
    """
    if account.resend_unknown:
        _try_again(message, account, error=error)
    else:
        message.lose_answer(error=error)


class _Claim(enum.Enum):
    ORDINARY = enum.auto()
    PROBE = enum.auto()


def _is_due(message: Message) -> bool:
    """Whether a queued message is to be submitted now; one that is too late expires, one that is early waits."""
    now = timezone.now()
    if message.expires_at and message.expires_at <= now:
        message.expire(now=now)
        return False
    if message.due_at <= now:
        return True
    # A task that comes a moment early, by a clock that is a moment behind, must not be the last one for a minute.
    if message.due_at - now <= publishing.SOON:
        publishing.publish(message)
    return False


def _await_turn(message: Message, account: conf.AccountSettings) -> bool:
    """Keep to the account's rate, and to one message a second to a number. Returns whether it is its turn now."""
    if message.code == TOO_OFTEN and just_used({message.mobile}):
        # It was refused once because others to its number were quicker: no second Submit while they go on.
        return _come_again(message, APART.total_seconds())
    if account.rate_limit is None or AccountState.objects.is_paused(message.account):
        return True
    wait = rates.reserve(message.account, account, 1)
    if wait > rates.PATIENCE:
        return _come_again(message, wait)
    time.sleep(max(0.0, wait))
    return True


def _come_again(message: Message, seconds: float) -> bool:
    """Leave a message to a task of its own, after so many seconds or up to twice as many."""
    due_at = timezone.now() + timedelta(seconds=seconds * random.uniform(1, 2))  # noqa: S311  jitter is no secret
    if message.postpone(due_at=due_at, publish_at=publishing.publish_again_at(due_at)):
        publishing.publish(message)
    return False


def _claim(message: Message, client: AccountClient) -> _Claim | None:
    now = timezone.now()
    lease = lease_of(client)
    if message.claim(now=now, lease=lease):
        return _Claim.ORDINARY
    # A paused account lets one message through at a time, to see whether it is mended. One that another worker has
    # claimed meanwhile must not use that up.
    waits = Message.objects.filter(pk=message.pk, status=Message.Status.QUEUED, attempts=message.attempts).exists()
    if (
        waits
        and AccountState.objects.take_probe(message.account, now=now)
        and message.claim(now=now, lease=lease, probe=True)
    ):
        return _Claim.PROBE
    return None


def surely(settle: Callable[[], None]) -> None:
    """Write down what came of a Submit also where the database is away for a moment: this is the only copy there is.

    Args:
        settle: Writes it; it is called again if the database fails, so it must find its own work done.
    """
    give_up_at = time.monotonic() + _PATIENCE_WITH_THE_DATABASE
    pause = 0.2
    while True:
        try:
            return settle()
        # InternalError: after a failover the old server can be written to no more (PostgreSQL's 25006).
        except (OperationalError, InterfaceError, InternalError):
            connection = transaction.get_connection(router.db_for_write(Message))
            if connection.in_atomic_block or time.monotonic() + pause > give_up_at:
                raise
            connection.close()
        time.sleep(pause)
        pause *= 2


def _settle_answer(message: Message, account: conf.AccountSettings, result: SubmitResult, *, probe: bool) -> None:
    """Write the gateway's answer into the record."""
    code = lookup(result.code)
    if probe and code.scope in {Scope.SUCCESS, Scope.MESSAGE, Scope.RECIPIENT}:
        # The gateway judged the message itself: whatever was wrong with the account is mended.
        AccountState.objects.resume(message.account)
    if result.accepted:
        if not message.accept(code=result.code, msg=result.msg, smsid=result.smsid, now=timezone.now()):
            # A receipt came first; or this was done by an UPDATE of ours whose confirmation was lost.
            message.refresh_from_db()
            Receipt.objects.match_kept(message)
    elif code.again is Again.WHEN_MENDED or (code.scope is Scope.CLOCK and message.code == code.number):
        _wait_for_account(message, result)
    elif code.retryable:
        _try_again(message, account, result=result, again=code.again)
    else:
        message.reject(code=result.code, msg=result.msg)


def _wait_for_account(message: Message, result: SubmitResult) -> None:
    """The account is at fault, not the message: it goes back, and the account's messages wait."""
    now = timezone.now()
    # The account's state outlives the message, and is shown to all staff: no code and no number that the answer
    # quotes may stay in it.
    words = without_number(message.without_code(result.msg), message.mobile)
    accounts.pause(message.account, replace(result, msg=words), now=now)
    message.put_back(
        due_at=now, publish_at=publishing.publish_again_at(now), code=result.code, msg=result.msg, retry=False
    )


def _stay(message: Message, account: conf.AccountSettings, *, error: str) -> None:
    """Surely not sent: try again, or after ``MAX_ATTEMPTS`` wait with all of the account's messages.

    That the gateway cannot be reached is no fault of the message: however long it lasts, no message is given up for it.
    """
    if message.retries + 1 < account.max_attempts:
        _try_again(message, account, error=error)
        return
    now = timezone.now()
    accounts.pause_silent(message.account, now=now)
    message.put_back(due_at=now, publish_at=publishing.publish_again_at(now), error=error, retry=False)


def _try_again(
    message: Message,
    account: conf.AccountSettings,
    *,
    result: SubmitResult | None = None,
    again: Again = Again.WITH_BACKOFF,
    error: str = "",
) -> None:
    """Put a message back that may be sent again, or give it up after the account's ``MAX_ATTEMPTS``."""
    if message.retries + 1 >= account.max_attempts:
        if result is None:
            # One of the attempts may have gone out.
            message.lose_answer(error=error)
        else:
            message.reject(code=result.code, msg=result.msg)
        return
    code, msg = (result.code, result.msg) if result else (None, "")
    due_at = _next_attempt(timezone.now(), message.retries, again)
    put_back = message.put_back(
        due_at=due_at, publish_at=publishing.publish_again_at(due_at), code=code, msg=msg, error=error
    )
    if put_back and due_at - timezone.now() <= publishing.SOON:
        publishing.publish(message)


def _next_attempt(now: datetime, retries: int, again: Again) -> datetime:
    if again is Again.AT_ONCE:
        return now
    if again is Again.AFTER_A_SECOND:
        # Longer each time: many messages to one number have to pass one by one.
        return now + timedelta(seconds=random.uniform(1.1, 2.0) * (1 + retries))  # noqa: S311  jitter is no secret
    backoff = min(_FIRST_BACKOFF * 3**retries, _LONGEST_BACKOFF)
    return now + timedelta(seconds=backoff * random.uniform(0.5, 1.5))  # noqa: S311  jitter is no secret
