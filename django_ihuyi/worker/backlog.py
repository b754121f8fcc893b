"""Enqueues due messages whose task was lost or never sent.

Codes are published first, then notifications, then marketing texts, whatever has waited longest.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from django_ihuyi.dispatch import get_dispatcher
from django_ihuyi.models import AccountState, Message, message_bulk
from django_ihuyi.models.message_status import ORDER_OF_WORK, MessageStatus

BATCH = 500
"""Messages that are read at a time."""
_READ = ("pk", "account", "category", "due_at", "publish_at", "publishes")
_AFTER_A_PAUSE = 5.0
"""Seconds for which messages are published when an account is well again; the sweep goes on with the others."""


def enqueue_due(now: datetime, *, most: int = BATCH) -> tuple[int, bool]:
    """Publish messages that nobody has, of accounts that are not paused.

    Args:
        now: The present.
        most: At most so many.

    Returns:
        How many were published, and whether to go on at once.
    """
    paused = AccountState.objects.filter(account=OuterRef("account"), paused_since__isnull=False)
    return _enqueue_first(Message.objects.filter(~Exists(paused)), now=now, most=most)


def enqueue_account(alias: str) -> None:
    """Publish what waits for an account that is well again: it is not to wait for the next sweep.

    Args:
        alias: The account's alias.
    """
    give_up_at = time.monotonic() + _AFTER_A_PAUSE
    more = True
    while more and time.monotonic() < give_up_at:
        _count, more = _enqueue_first(Message.objects.filter(account=alias), now=timezone.now(), most=BATCH)


def _enqueue_first(rows: QuerySet[Message], *, now: datetime, most: int) -> tuple[int, bool]:
    """Publish the most urgent of some messages: those that are due, and in nobody's hands."""
    due = rows.filter(status=MessageStatus.QUEUED, publish_at__lte=now, due_at__lte=now)
    batch: list[Message] = []
    for category in ORDER_OF_WORK:
        if len(batch) < most:
            # The columns that are needed here: what cannot be read of a text or of metadata stops nobody else.
            of_category = due.filter(category=category).order_by("publish_at").only(*_READ)
            batch += of_category[: most - len(batch)]
    batch.sort(key=_urgency)
    count = 0
    for (_category, publishes), alike in groupby(batch, key=lambda message: (message.category, message.publishes)):
        publish_at = get_dispatcher().next_enqueue_at(now, publishes + 1)
        taken = message_bulk.reserve_enqueue_many(list(alike), now=now, publish_at=publish_at)
        left = {message.pk for message in taken}
        for chunk in _chunks(taken):
            if not _publish(chunk):
                # Nobody has these either: they are published as soon as the broker is back.
                message_bulk.queued(left).update(publish_at=now)
                return count, False
            left.difference_update(message.pk for message in chunk)
            count += len(chunk)
    return count, len(batch) == most


def _urgency(message: Message) -> tuple[int, int, str, int]:
    return ORDER_OF_WORK.index(message.category), message.publishes, message.account, message.pk


def _chunks(messages: list[Message]) -> Iterator[list[Message]]:
    """Messages of one account together. Codes go each by itself, as they came: any worker takes one."""
    for _account, alike in groupby(messages, key=attrgetter("account")):
        chunk = list(alike)
        if chunk[0].category == Message.Category.VERIFICATION:
            yield from ([message] for message in chunk)
        else:
            yield chunk


def _publish(messages: list[Message]) -> bool:
    if len(messages) == 1:
        return get_dispatcher().enqueue(messages[0])
    return get_dispatcher().enqueue_batch([message.pk for message in messages], messages[0].category)
