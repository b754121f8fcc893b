"""Changes of many messages in one statement.

A statement that changes fewer rows than it was to change cannot say which, not on every database. That is rare (a task
that came twice, a receipt that came first), and is found out by one more: each claim has a random number, each
settling its moment.

Rows that are named by their keys are never looked for by their status: ``COALESCE`` keeps the indexes on it out of the
question. A database that last counted before a bulk was recorded takes "queued" for rare, and would walk through the
whole queue for each few rows.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import connections, router, transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce

from django_ihuyi.db.statements import column_names, execute, marks, not_paused, update
from django_ihuyi.events import record_event
from django_ihuyi.gateway import SubmitResult
from django_ihuyi.gateway.result_codes import ACCEPTED
from django_ihuyi.masking import mask_codes
from django_ihuyi.transactions import refuse_transaction, retry_on_conflict

from .account_state import AccountState
from .column_limits import fit_values
from .message import CLAIMABLE, Message
from .message_status import TRANSITIONS, Category, MessageStatus


def queued(pks: Collection[int]) -> QuerySet[Message]:
    """Find those of some messages that are still queued.

    Args:
        pks: Primary keys.
    """
    # base manager: as in Message itself.
    return _queued(Message._base_manager.filter(pk__in=pks))


def claim_many(messages: Iterable[Message], *, now: datetime, lease: timedelta) -> list[Message]:
    """Take messages, as they were read, for one Submit each (see :meth:`Message.claim`).

    Args:
        messages: Messages of one account.
        now: The present.
        lease: How long the claims hold.

    Returns:
        Those that are ours now.

    Raises:
        RuntimeError: A transaction is open.
    """
    claimed: list[Message] = []
    by_attempts = attrgetter("attempts")
    for attempts, group in groupby(sorted(messages, key=by_attempts), key=by_attempts):
        alike = list(group)
        refuse_transaction("An SMS", using=router.db_for_write(Message, instance=alike[0]))
        changes = {
            "attempts": attempts + 1,
            "submitted_at": now,
            "claimed_until": now + lease,
            "claimed_by": secrets.randbits(63),
        }
        if _claim(alike, attempts, now, changes) < len(alike):
            ours = set(_rows(alike).filter(claimed_by=changes["claimed_by"]).values_list("pk", flat=True))
            alike = [message for message in alike if message.pk in ours]
        for message in alike:
            message.status_changed(MessageStatus.SUBMITTING, **changes)
        claimed += alike
    return claimed


def reserve_enqueue_many(messages: Sequence[Message], *, now: datetime, publish_at: datetime) -> list[Message]:
    """Take the right to publish messages once more (see :meth:`Message.reserve_enqueue`).

    Args:
        messages: Queued messages, as they were read, all published equally often before.
        now: The present; what another sweep has taken is not due any more.
        publish_at: When they are published again, should they still be queued then.

    Returns:
        Those that are ours to publish.
    """
    rows = _rows(messages)
    due = _queued(rows).filter(publish_at__lte=now, publishes=messages[0].publishes)

    def take_all() -> bool:
        with transaction.atomic(using=rows.db):
            taken = due.update(publish_at=publish_at, publishes=messages[0].publishes + 1) == len(messages)
            transaction.set_rollback(not taken, using=rows.db)
        return taken

    if retry_on_conflict(take_all, using=rows.db):
        return list(messages)
    # Another sweep is at them: one by one, each of us gets its own.
    return [message for message in messages if message.reserve_enqueue(publish_at=publish_at)]


def expire_many(messages: Collection[Message], *, now: datetime) -> list[Message]:
    """Turn messages that are queued past their ``expires_at`` into ``expired`` (see :meth:`Message.expire`).

    Args:
        messages: Messages of one database, as they were read.
        now: The present.

    Returns:
        Those that are expired by this call.
    """
    if not messages:
        return []
    using = router.db_for_write(Message, instance=next(iter(messages)))
    return retry_on_conflict(partial(_expire, messages, now, using), using=using, restoring=messages)


def _expire(messages: Collection[Message], now: datetime, using: str) -> list[Message]:
    by_pk = {message.pk: message for message in messages}
    with transaction.atomic(using=using):
        # Locked in the order of their keys: what is changed below is known to be ours.
        rows = Message._base_manager.using(using).select_for_update().filter(pk__in=by_pk, expires_at__lte=now)
        late = [by_pk[pk] for pk in _queued(rows).order_by("pk").values_list("pk", flat=True)]
        codes = [message for message in late if message.category == Category.VERIFICATION]
        for message in codes:
            message.content = mask_codes(message.content, template=bool(message.template))
        if late:
            with record_event(f"message.{MessageStatus.EXPIRED}", using=using) as record:
                Message._base_manager.using(using).bulk_update(codes, ["content"])
                _rows(late).update(status=MessageStatus.EXPIRED)
                for message in late:
                    message.status_changed(MessageStatus.EXPIRED)
                    record(message.as_event())
    return late


def accept_many(answers: Iterable[tuple[Message, SubmitResult]], *, now: datetime) -> list[Message]:
    """Settle claimed messages that the gateway took (see :meth:`Message.accept`).

    Args:
        answers: Messages of one database with their answers, code 2.
        now: The present.

    Returns:
        Those that are settled. The others are left as they are, each to be settled by itself: a receipt came before
        the answer, or the claim is no longer ours.
    """
    settled: list[Message] = []
    ordered = sorted(answers, key=lambda answer: answer[0].attempts)
    for attempts, group in groupby(ordered, key=lambda answer: answer[0].attempts):
        using = router.db_for_write(Message, instance=next(iter(ordered))[0])
        alike = [(message, _fitted(result, using)) for message, result in group]
        # What a failed try changed in the instances is changed again, and its signals went with its transaction.
        settled += retry_on_conflict(partial(_accept_and_signal, alike, attempts, now, using), using=using)
    return settled


def _fitted(result: SubmitResult, using: str) -> SubmitResult:
    return replace(result, **fit_values(Message, {"msg": result.msg, "smsid": result.smsid}, using=using))


def _accept_and_signal(
    answers: list[tuple[Message, SubmitResult]], attempts: int, now: datetime, using: str
) -> list[Message]:
    with record_event(f"message.{MessageStatus.ACCEPTED}", using=using) as record:
        ours = _accept_claimed(answers, attempts, now)
        for message, result in ours:
            changes = {"code": ACCEPTED, "msg": result.msg, "smsid": result.smsid, "accepted_at": now, "error": ""}
            message.status_changed(MessageStatus.ACCEPTED, claimed_until=None, **changes)
            record(message.as_event())
    return [message for message, _result in ours]


def _accept_claimed(
    answers: list[tuple[Message, SubmitResult]], attempts: int, now: datetime
) -> list[tuple[Message, SubmitResult]]:
    """Settle what can be settled in one statement. Returns which that was."""
    if _accept(answers, attempts, now) == len(answers):
        return answers
    # Nobody else can have ended this claim at this moment.
    rows = _rows([message for message, _result in answers]).filter(attempts=attempts, accepted_at=now)
    ours = set(rows.values_list("pk", flat=True))
    return [answer for answer in answers if answer[0].pk in ours]


def _claim(messages: Sequence[Message], attempts: int, now: datetime, changes: Mapping[str, Any]) -> int:
    """What ``Message.claim`` says."""
    using = router.db_for_write(Message, instance=messages[0])
    claim_all = partial(
        update,
        Message,
        using,
        {"status": MessageStatus.SUBMITTING, **changes},
        (f"{{id}} IN ({marks(messages)})", *(message.pk for message in messages)),
        ("COALESCE({status}, '') = %s", MessageStatus.QUEUED.value),
        (CLAIMABLE, attempts, now, now),
        (not_paused(column_names(Message, using), column_names(AccountState, using)),),
    )
    return retry_on_conflict(claim_all, using=using)


def _accept(answers: Sequence[tuple[Message, SubmitResult]], attempts: int, now: datetime) -> int:
    """One UPDATE for rows that each get values of their own."""
    using = router.db_for_write(Message, instance=answers[0][0])
    name = column_names(Message, using)
    each = " ".join(["WHEN %s THEN %s"] * len(answers))
    sources = TRANSITIONS[MessageStatus.ACCEPTED]
    return execute(
        using,
        f"UPDATE {name['']} SET {name['status']} = %s, {name['code']} = %s, {name['error']} = %s, "  # noqa: S608  names of tables and columns, quoted; every value is a parameter
        f"{name['claimed_until']} = NULL, {name['accepted_at']} = %s, "
        f"{name['smsid']} = CASE {name['id']} {each} END, {name['msg']} = CASE {name['id']} {each} END "
        f"WHERE {name['id']} IN ({marks(answers)}) AND COALESCE({name['status']}, '') IN ({marks(sources)}) "
        f"AND {name['attempts']} = %s AND NOT {name['receipt_came_first']}",
        MessageStatus.ACCEPTED.value,
        ACCEPTED,
        "",
        connections[using].ops.adapt_datetimefield_value(now),
        *(value for message, result in answers for value in (message.pk, result.smsid)),
        *(value for message, result in answers for value in (message.pk, result.msg)),
        *(message.pk for message, _result in answers),
        *(source.value for source in sources),
        attempts,
    )


def _rows(messages: Sequence[Message]) -> QuerySet[Message]:
    using = router.db_for_write(Message, instance=messages[0])
    # base manager: as in Message itself.
    return Message._base_manager.using(using).filter(pk__in=[message.pk for message in messages])


def _queued(rows: QuerySet[Message]) -> QuerySet[Message]:
    return rows.alias(state=Coalesce("status", Value(""))).filter(state=MessageStatus.QUEUED)
