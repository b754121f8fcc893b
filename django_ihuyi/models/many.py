"""What ``Message`` does to one row, done to many in one statement.

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
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import connections, router, transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce

from django_ihuyi.gateway import SubmitResult
from django_ihuyi.gateway.codes import ACCEPTED

from .account import flowing
from .lifecycle import SOURCES, MessageStatus
from .message import CLAIMABLE, Message
from .outbox import tell_messages, telling
from .sql import column_names, execute, marks, update


def queued(pks: Collection[int]) -> QuerySet[Message]:
    """Find those of some messages that are still queued.

    Args:
        pks: Primary keys.
    """
    # base manager: as in Message itself.
    return _queued(Message._base_manager.filter(pk__in=pks))


def claim(messages: Iterable[Message], *, now: datetime, lease: timedelta) -> list[Message]:
    """Take messages, as they were read, for one Submit each (see :meth:`Message.claim`).

    Args:
        messages: Messages of one account.
        now: The present.
        lease: How long the claims hold.

    Returns:
        Those that are ours now.
    """
    claimed: list[Message] = []
    by_attempts = attrgetter("attempts")
    for attempts, group in groupby(sorted(messages, key=by_attempts), key=by_attempts):
        alike = list(group)
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


def take_for_publishing(messages: Sequence[Message], *, now: datetime, publish_at: datetime) -> list[Message]:
    """Take the right to publish messages once more (see :meth:`Message.take_for_publishing`).

    Args:
        messages: Queued messages, as they were read, all published equally often before.
        now: The present; what another sweep has taken is not due any more.
        publish_at: When they are published again, should they still be queued then.

    Returns:
        Those that are ours to publish.
    """
    rows = _rows(messages)
    due = _queued(rows).filter(publish_at__lte=now, publishes=messages[0].publishes)
    with transaction.atomic(using=rows.db):
        if due.update(publish_at=publish_at, publishes=messages[0].publishes + 1) == len(messages):
            return list(messages)
        # Another sweep is at them: one by one, each of us gets its own.
        transaction.set_rollback(True, using=rows.db)
    return [message for message in messages if message.take_for_publishing(publish_at=publish_at)]


def accept(answers: Iterable[tuple[Message, SubmitResult]], *, now: datetime) -> list[Message]:
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
        alike = list(group)
        using = router.db_for_write(Message, instance=alike[0][0])
        with telling(f"message.{MessageStatus.ACCEPTED}", using) as tell:
            alike = _accept_ours(alike, attempts, now)
            for message, result in alike:
                changes = {"code": ACCEPTED, "msg": result.msg, "smsid": result.smsid, "accepted_at": now, "error": ""}
                message.status_changed(MessageStatus.ACCEPTED, claimed_until=None, **changes)
            changed = [message for message, _result in alike]
            tell_messages(tell, changed)
        settled += changed
    return settled


def _accept_ours(
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
    return update(
        Message,
        using,
        {"status": MessageStatus.SUBMITTING, **changes},
        (f"{{id}} IN ({marks(messages)})", *(message.pk for message in messages)),
        ("COALESCE({status}, '') = %s", MessageStatus.QUEUED.value),
        (CLAIMABLE, attempts, now, now),
        (flowing(using, column_names(Message, using)),),
    )


def _accept(answers: Sequence[tuple[Message, SubmitResult]], attempts: int, now: datetime) -> int:
    """One UPDATE for rows that each get values of their own."""
    using = router.db_for_write(Message, instance=answers[0][0])
    name = column_names(Message, using)
    each = " ".join(["WHEN %s THEN %s"] * len(answers))
    sources = SOURCES[MessageStatus.ACCEPTED]
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
