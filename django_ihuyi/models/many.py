"""What ``Message`` does to one row, done to many in one statement: all of them, or none and each by itself.

A statement that changes fewer rows than it was to change cannot say which, not on every database. So it is rolled
back then, and the rows are changed one by one: that is rare (a task that came twice), and costs nothing but time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import connections, router, transaction
from django.db.models import Q

from django_ihuyi.gateway import SubmitResult
from django_ihuyi.gateway.codes import ACCEPTED

from .lifecycle import SOURCES, MessageStatus
from .message import Message, may_claim


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
            "status": MessageStatus.SUBMITTING,
            "attempts": attempts + 1,
            "submitted_at": now,
            "claimed_until": now + lease,
        }
        conditions = (*may_claim(attempts, now), Q(status__in=SOURCES[MessageStatus.SUBMITTING]))
        if _change_all(alike, *conditions, **changes):
            claimed += alike
        else:
            claimed += [message for message in alike if message.claim(now=now, lease=lease)]
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
    publishes = messages[0].publishes
    conditions = Q(publish_at__lte=now, publishes=publishes, status=MessageStatus.QUEUED)
    if _change_all(messages, conditions, publish_at=publish_at, publishes=publishes + 1):
        return list(messages)
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
        if _accept_all(alike, attempts, now):
            for message, result in alike:
                message.status_changed(
                    MessageStatus.ACCEPTED,
                    code=ACCEPTED,
                    msg=result.msg,
                    smsid=result.smsid,
                    accepted_at=now,
                    error="",
                    claimed_until=None,
                )
                settled.append(message)
    return settled


def _accept_all(answers: Sequence[tuple[Message, SubmitResult]], attempts: int, now: datetime) -> bool:
    """One UPDATE for rows that each get a value of their own. By hand: ``Case`` would take longer than the gateway."""
    using = router.db_for_write(Message, instance=answers[0][0])
    connection = connections[using]
    name = _column_names(using)
    each = " ".join(["WHEN %s THEN %s"] * len(answers))
    pks = ", ".join(["%s"] * len(answers))
    sources = ", ".join(["%s"] * len(SOURCES[MessageStatus.ACCEPTED]))
    sql = (
        # Only names of this model's table and columns, quoted; every value is a parameter.
        f"UPDATE {name['']} SET {name['status']} = %s, {name['code']} = %s, {name['error']} = %s, "  # noqa: S608  see above
        f"{name['claimed_until']} = NULL, {name['accepted_at']} = %s, "
        f"{name['smsid']} = CASE {name['id']} {each} END, {name['msg']} = CASE {name['id']} {each} END "
        f"WHERE {name['id']} IN ({pks}) AND {name['status']} IN ({sources}) AND {name['attempts']} = %s "
        f"AND NOT {name['receipt_came_first']}"
    )
    params: list[Any] = [
        MessageStatus.ACCEPTED.value,
        ACCEPTED,
        "",
        connection.ops.adapt_datetimefield_value(now),
        *(value for message, result in answers for value in (message.pk, result.smsid)),
        *(value for message, result in answers for value in (message.pk, result.msg)),
        *(message.pk for message, _result in answers),
        *(source.value for source in SOURCES[MessageStatus.ACCEPTED]),
        attempts,
    ]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.execute(sql, params)
        if cursor.rowcount == len(answers):
            return True
        transaction.set_rollback(True, using=using)
    return False


def _column_names(using: str) -> dict[str, str]:
    """The quoted names of the columns, and of the table as ""."""
    quote = connections[using].ops.quote_name
    columns = {item.name: quote(str(item.column)) for item in Message._meta.concrete_fields}
    return {"": quote(Message._meta.db_table), **columns}


def _change_all(messages: Sequence[Message], *conditions: Q, **changes: Any) -> bool:  # noqa: ANN401  a row's values
    """Change all of the rows in one UPDATE, or none."""
    using = router.db_for_write(Message, instance=messages[0])
    # base manager: as in Message itself.
    rows = Message._base_manager.using(using).filter(*conditions, pk__in=[message.pk for message in messages])
    with transaction.atomic(using=using):
        if rows.update(**changes) != len(messages):
            transaction.set_rollback(True, using=using)
            return False
    for message in messages:
        for name, value in changes.items():
            setattr(message, name, value)
    return True
