"""Submit one message: claim it, call the gateway, settle the result. Of several workers one wins the claim."""

from __future__ import annotations

import enum
import logging
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
from django_ihuyi.dispatch import get_dispatcher
from django_ihuyi.gateway import GatewayError, NotSent, Retry, Scope, SubmitResult, Uncertain, lookup, responses
from django_ihuyi.models import AccountState, Message, OptOut, Receipt, message_bulk
from django_ihuyi.models.column_limits import without_unstorable
from django_ihuyi.transactions import is_refusal

from . import account_pause, backlog, submit_rate
from .client_factory import AccountClient, make_client
from .recipient_throttle import MIN_INTERVAL, TOO_OFTEN, recently_sent

logger = logging.getLogger(__name__)

unreachable_accounts: set[str] = set()
"""The accounts of which this process has said that their gateway cannot be reached."""
Outcome = SubmitResult | Exception
"""What came of a Submit: the gateway's answer, a :class:`GatewayError`, or the fault of a client of the site's own."""

_LEASE_MARGIN = timedelta(seconds=30)
"""Beyond the longest call: a busy worker's way from the claim to the wire and back to the table."""
_DB_RETRY_TIME = 20.0
"""Seconds; less than the margin, so that no sweep ends the claim meanwhile."""
_FIRST_BACKOFF = 5.0
_MAX_BACKOFF = 900.0


@sensitive_variables()
def submit(pk: int) -> None:
    """Submit one message if it is queued, due and nobody else's.

    Args:
        pk: The message's primary key. One that is gone or settled is not an error: tasks come twice and late.
    """
    message = Message.objects.filter(pk=pk).first()
    if message is None or message.status != Message.Status.QUEUED or not _is_due(message):
        return
    if message.category == Message.Category.MARKETING and not OptOut.objects.exclude_opted_out([message]):
        return
    account = conf.get_account(message.account)
    turns = _await_turn(message, account)
    if turns is None:
        return
    client = make_client(account)
    claim = _claim(message, client)
    if claim is None:
        turns.release(1)
        return
    outcome = call_gateway(client, message)
    retry_on_db_error(partial(settle, message, account, outcome, probe=claim is _Claim.PROBE))
    if claim is _Claim.PROBE and not AccountState.objects.is_paused(message.account):
        backlog.enqueue_account(message.account)
    reraise_client_error(outcome)


@sensitive_variables()
def call_gateway(client: AccountClient, message: Message) -> Outcome:
    """Make the call for a claimed message. Touches no database, so that many threads can make it at once."""
    try:
        result = normalize_result(client.submit(message.mobile, message.content, template=message.template or None))
    except Exception as error:  # noqa: BLE001  what a client of the site's own raises may have come after the message went out
        if isinstance(error, NotSent):
            reason = message.strip_quoted_text(without_unstorable(str(error)), own=True)
            log_unreachable(message.account, reason)
        return error
    log_reachable(message.account)
    # Here for all that becomes of it: some of that is written for many messages at once.
    return replace(result, msg=message.strip_quoted_text(result.msg))


def log_unreachable(alias: str, reason: str) -> None:
    """Say once that the gateway cannot be reached: until the account pauses, each of its messages is only put off.

    Args:
        alias: The account's alias.
        reason: Why not.
    """
    if alias in unreachable_accounts:
        return
    unreachable_accounts.add(alias)
    logger.warning(
        "The gateway of account %r cannot be reached: %s. Its messages are tried again.",
        alias,
        reason,
        extra={"event": "gateway.away", "account": alias},
    )


def log_reachable(alias: str) -> None:
    """Say that the gateway answers, if it was said that it cannot be reached.

    Args:
        alias: The account's alias.
    """
    if alias in unreachable_accounts:
        unreachable_accounts.discard(alias)
        logger.warning(
            "The gateway of account %r answers again.", alias, extra={"event": "gateway.back", "account": alias}
        )


def normalize_result(result: SubmitResult) -> SubmitResult:
    """Make the answer of a client of the site's own what those of the package's own are.

    Raises:
        TypeError: The code is no whole number, so that nobody knows whether the gateway took the message.
    """
    code = responses.read_code(result.code)
    if code is None:
        raise TypeError(f"The client's code is a {type(result.code).__name__}, and no whole number.")
    msg, smsid = responses.read_msg(result.msg), responses.read_smsid(result.smsid)
    return replace(result, code=code, msg=msg, smsid=smsid, server_time=responses.read_time(result.server_time))


def settle(message: Message, account: conf.AccountSettings, outcome: Outcome, *, probe: bool = False) -> None:
    """Write into the record what came of a claimed message's Submit.

    What is written fits its columns. Should the database refuse it all the same, such as by a constraint of the site's,
    the status and the code are written without the rest: an accepted message must not stay ``submitting``.

    Args:
        message: The message.
        account: Its account.
        outcome: What :func:`call_gateway` returned.
        probe: Whether the message was taken although its account is paused.
    """
    try:
        _settle(message, account, outcome, probe=probe)
    except Exception as error:
        if not is_refusal(error):
            raise
        logger.error(  # noqa: TRY400  the error of a database quotes what it refuses
            "The answer to message %s cannot be written down whole: %s. Its code and status are.",
            message.pk,
            type(error).__name__,
            extra={"event": "answer.refused", "message_pk": message.pk, "account": message.account},
        )
        _settle(message, account, _without_gateway_text(outcome), probe=probe)


def _without_gateway_text(outcome: Outcome) -> Outcome:
    """Return an outcome without anything that a database could refuse."""
    if isinstance(outcome, SubmitResult):
        return replace(outcome, msg="", smsid=None, server_time=None)
    if isinstance(outcome, GatewayError):
        return NotSent() if isinstance(outcome, NotSent) else Uncertain()
    return outcome


def _settle(message: Message, account: conf.AccountSettings, outcome: Outcome, *, probe: bool) -> None:
    if isinstance(outcome, SubmitResult):
        _settle_result(message, account, outcome, probe=probe)
    elif isinstance(outcome, NotSent):
        _requeue(message, account, error=str(outcome))
    elif isinstance(outcome, GatewayError):
        mark_unknown(message, account, error=str(outcome))
    else:
        # It may have been after the message went out.
        mark_unknown(message, account, error="The client failed; the worker's log says how.")


def reraise_client_error(outcome: Outcome) -> None:
    """Let a fault that is not the gateway's end the task that met it, once it is settled."""
    if isinstance(outcome, Exception) and not isinstance(outcome, GatewayError):
        raise outcome


def lease_for(client: AccountClient, *, calls: int = 1) -> timedelta:
    """How long a claim holds.

    Args:
        client: Who makes the call.
        calls: How many of its calls may follow one another until the claimed message's own has ended.
    """
    return timedelta(seconds=client.longest_call * calls) + _LEASE_MARGIN


def mark_unknown(message: Message, account: conf.AccountSettings, *, error: str) -> None:
    """Settle a message of which nobody knows whether it went out.

    Args:
        message: A claimed message.
        account: Its account; ``resend_unknown`` prefers twice to never.
        error: What happened.
    """
    if account.resend_unknown:
        _retry_later(message, account, error=error)
    else:
        message.mark_unknown(error=error)


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
    if message.due_at - now <= get_dispatcher().max_countdown:
        get_dispatcher().enqueue(message)
    return False


def _await_turn(message: Message, account: conf.AccountSettings) -> submit_rate.Slots | None:
    """Keep to the account's rate, and to one message a second to a number.

    Returns:
        The turn that has begun; None if the message's turn comes later, with a task of its own.
    """
    if message.code == TOO_OFTEN and recently_sent({message.mobile}):
        # It was refused once because others to its number were quicker: no second Submit while they go on.
        _postpone(message, MIN_INTERVAL.total_seconds())
        return None
    if account.rate_limit is None or AccountState.objects.is_paused(message.account):
        return submit_rate.Slots(message.account, message.category)
    turns = submit_rate.reserve(message.account, account, message.category, 1)
    if not turns.taken:
        _postpone(message, turns.wait)
        return None
    time.sleep(max(0.0, turns.wait))
    return turns


def _postpone(message: Message, seconds: float) -> None:
    """Leave a message to a task of its own, after so many seconds or up to twice as many."""
    due_at = timezone.now() + timedelta(seconds=seconds * random.uniform(1, 2))  # noqa: S311  jitter is no secret
    if message.postpone(due_at=due_at, publish_at=get_dispatcher().next_enqueue_at(due_at)):
        get_dispatcher().enqueue(message)


def _claim(message: Message, client: AccountClient) -> _Claim | None:
    now = timezone.now()
    lease = lease_for(client)
    if message.claim(now=now, lease=lease):
        return _Claim.ORDINARY
    # A paused account lets one message through at a time, to see whether it is mended. One that another worker has
    # claimed meanwhile must not use that up.
    waits = Message.objects.filter(pk=message.pk, status=Message.Status.QUEUED, attempts=message.attempts).exists()
    if (
        waits
        and AccountState.objects.acquire_probe(message.account, now=now)
        and message.claim(now=now, lease=lease, probe=True)
    ):
        return _Claim.PROBE
    if waits:
        # It is in nobody's hands: due as soon as the account is well.
        message_bulk.queued([message.pk]).update(publish_at=now)
    return None


def retry_on_db_error(settle: Callable[[], None]) -> None:
    """Write down what came of a Submit also where the database is away for a moment: this is the only copy there is.

    Args:
        settle: Writes it; it is called again if the database fails, so it must find its own work done.
    """
    give_up_at = time.monotonic() + _DB_RETRY_TIME
    pause = 0.2
    while True:
        try:
            return settle()
        # InternalError: after a failover the old server can be written to no more (PostgreSQL's 25006).
        except (OperationalError, InterfaceError, InternalError) as error:
            if is_refusal(error):
                raise
            connection = transaction.get_connection(router.db_for_write(Message))
            if connection.in_atomic_block or time.monotonic() + pause > give_up_at:
                raise
            connection.close()
        time.sleep(pause)
        pause *= 2


def _settle_result(message: Message, account: conf.AccountSettings, result: SubmitResult, *, probe: bool) -> None:
    """Write the gateway's answer into the record."""
    if result.accepted:
        if probe:
            AccountState.objects.resume(message.account)
        if not message.accept(code=result.code, msg=result.msg, smsid=result.smsid, now=timezone.now()):
            # A receipt came first; or this was done by an UPDATE of ours whose confirmation was lost.
            message.refresh_from_db()
            Receipt.objects.match_again(message)
        return
    code = lookup(result.code, account.product)
    if probe and code.scope in {Scope.MESSAGE, Scope.RECIPIENT}:
        # The gateway judged the message itself: whatever was wrong with the account is mended.
        AccountState.objects.resume(message.account)
    if code.retry is Retry.AFTER_FIX or (code.scope is Scope.CLOCK and message.code == code.number):
        _requeue_and_pause(message, result)
    elif code.retryable:
        _retry_later(message, account, result=result, again=code.retry)
    else:
        message.reject(code=result.code, msg=result.msg)


def _requeue_and_pause(message: Message, result: SubmitResult) -> None:
    """The account is at fault, not the message: it goes back, and the account's messages wait."""
    now = timezone.now()
    account_pause.pause(message.account, result, now=now)
    # In nobody's hands: it goes as soon as the account is well.
    message.requeue(due_at=now, publish_at=now, code=result.code, msg=result.msg, retry=False)


def _requeue(message: Message, account: conf.AccountSettings, *, error: str) -> None:
    """Surely not sent: try again, or after ``MAX_ATTEMPTS`` wait with all of the account's messages.

    That the gateway cannot be reached is no fault of the message: however long it lasts, no message is given up for it.
    """
    if message.retries + 1 < account.max_attempts:
        _retry_later(message, account, error=error)
        return
    now = timezone.now()
    account_pause.pause_silent(message.account, now=now)
    message.requeue(due_at=now, publish_at=now, error=error, retry=False)


def _retry_later(
    message: Message,
    account: conf.AccountSettings,
    *,
    result: SubmitResult | None = None,
    again: Retry = Retry.WITH_BACKOFF,
    error: str = "",
) -> None:
    """Put a message back that may be sent again, or give it up after the account's ``MAX_ATTEMPTS``."""
    if message.retries + 1 >= account.max_attempts:
        if result is None:
            # One of the attempts may have gone out.
            message.mark_unknown(error=error)
        else:
            message.reject(code=result.code, msg=result.msg)
        return
    code, msg = (result.code, result.msg) if result else (None, "")
    due_at = _next_attempt(timezone.now(), message.retries, again)
    put_back = message.requeue(
        due_at=due_at, publish_at=get_dispatcher().next_enqueue_at(due_at), code=code, msg=msg, error=error
    )
    if put_back and due_at - timezone.now() <= get_dispatcher().max_countdown:
        get_dispatcher().enqueue(message)


def _next_attempt(now: datetime, retries: int, again: Retry) -> datetime:
    if again is Retry.AT_ONCE:
        return now
    if again is Retry.AFTER_A_SECOND:
        # Longer each time: many messages to one number have to pass one by one.
        return now + timedelta(seconds=random.uniform(1.1, 2.0) * (1 + retries))  # noqa: S311  jitter is no secret
    backoff = min(_FIRST_BACKOFF * 3**retries, _MAX_BACKOFF)
    return now + timedelta(seconds=backoff * random.uniform(0.5, 1.5))  # noqa: S311  jitter is no secret
