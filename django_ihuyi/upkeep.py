"""What keeps the record true when something died: lost tasks, claims that ran out, late texts, kept receipts,
verification codes, events for other systems.

Every step takes bounded batches and is safe beside workers, pushes and other sweeps: it changes rows only through
conditional UPDATEs.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Exists, OuterRef
from django.utils import timezone

from . import conf
from .models import AccountState, ApiCall, Message, Receipt, many
from .models.lifecycle import MessageStatus
from .outbound import accounts, publishing, submission
from .statistics import counting
from .verification import forgetting, watch
from .webhooks import delivering

logger = logging.getLogger(__name__)

BATCH = 500
"""Rows that one step reads at a time."""
BUDGET = 8.0
"""Seconds for which a sweep begins new batches; what is left is the next sweep's."""


def sweep() -> dict[str, int]:
    """Do every step until nothing is left to do or the time is over.

    Returns:
        How many rows each step changed: ``expired``, ``unknown``, ``published``, ``probed``, ``matched``,
            ``suspected``, ``forgotten``, ``webhooks``, ``counted``.

    Raises:
        Exception: What the first step to fail raised, after all the others were done.
    """
    deadline = time.monotonic() + BUDGET
    counts: dict[str, int] = {}
    failures: list[Exception] = []
    for name, step in _STEPS.items():
        counts[name] = 0
        try:
            # Once at least: a step with a mountain of work must not keep the others from theirs.
            more = True
            while more:
                changed, more = step(timezone.now())
                counts[name] += changed
                more = more and time.monotonic() < deadline
        except Exception as error:  # noqa: BLE001  raised again below: one step's fault must not stop the others
            logger.error(  # noqa: TRY400  the traceback comes with the raise
                "The sweep's step %r failed: %s", name, type(error).__name__, extra={"event": "sweep.failed"}
            )
            failures.append(error)
    if failures:
        raise failures[0]
    return counts


def expire(now: datetime) -> tuple[int, bool]:
    """Turn what is queued past its ``expires_at`` into ``expired``. Returns rows changed, and whether to go on."""
    late = list(Message.objects.filter(status=MessageStatus.QUEUED, expires_at__lte=now).order_by("expires_at")[:BATCH])
    return sum(message.expire(now=now) for message in late), len(late) == BATCH


def end_claims(now: datetime) -> tuple[int, bool]:
    """Settle what a worker claimed and never finished: nobody knows whether it went out."""
    ran_out = Message.objects.filter(status=MessageStatus.SUBMITTING, claimed_until__lt=now)
    lost = list(ran_out.order_by("claimed_until")[:BATCH])
    for message in lost:
        error = "The worker that submitted it never came back."
        try:
            account = conf.get_account(message.account)
        except ImproperlyConfigured:
            # An account taken out of the settings must not keep its messages "submitting" for ever.
            message.lose_answer(error=error)
        else:
            submission.lose_answer(message, account, error=error)
    return len(lost), len(lost) == BATCH


def publish_due(now: datetime) -> tuple[int, bool]:
    """Publish what is queued and due but whose task was never published or got lost.

    What waits for a paused account is left alone: :func:`probe_paused` has it.
    """
    paused = AccountState.objects.filter(account=OuterRef("account"), paused_since__isnull=False)
    due = Message.objects.filter(~Exists(paused), status=MessageStatus.QUEUED, publish_at__lte=now)
    batch = list(due.order_by("publish_at")[:BATCH])
    count = 0
    for publishes, alike in groupby(sorted(batch, key=_how_published), key=attrgetter("publishes")):
        publish_at = publishing.publish_again_at(now, publishes + 1)
        taken = many.take_for_publishing(list(alike), now=now, publish_at=publish_at)
        left = {message.pk for message in taken}
        for chunk in _chunks(taken):
            if not _publish(chunk):
                # Nobody has these either: they are published as soon as the broker is back.
                many.queued(left).update(publish_at=now)
                return count, False
            left.difference_update(message.pk for message in chunk)
            count += len(chunk)
    return count, len(batch) == BATCH


def _publish(messages: list[Message]) -> bool:
    if len(messages) == 1:
        return publishing.publish(messages[0])
    return publishing.publish_chunk([message.pk for message in messages], messages[0].category)


def _how_published(message: Message) -> tuple[int, str, str, int]:
    return message.publishes, message.account, message.category, message.pk


def _chunks(messages: list[Message]) -> Iterator[list[Message]]:
    """Messages of one account and category together. Codes go each by itself, as they came: any worker takes one."""
    for (_account, category), alike in groupby(messages, key=attrgetter("account", "category")):
        chunk = list(alike)
        if category == Message.Category.VERIFICATION:
            yield from ([message] for message in chunk)
        else:
            yield chunk


def probe_paused(now: datetime) -> tuple[int, bool]:
    """Try paused accounts whose next probe is due."""
    due = AccountState.objects.filter(paused_since__isnull=False, probe_at__lte=now)
    return sum(accounts.probe(state, now=now) for state in due), False


def match_receipts(now: datetime) -> tuple[int, bool]:
    """Look again for the messages of receipts that came first."""
    window = conf.get_settings().receipt_window
    kept = list(Receipt.objects.filter(match_at__lte=now).order_by("match_at")[:BATCH])
    return sum(Receipt.objects.match(receipt, window=window, now=now) for receipt in kept), len(kept) == BATCH


def watch_codes(now: datetime) -> tuple[int, bool]:
    """Look whether the verification codes that go out are entered. Returns suspicions that began or ended."""
    return watch.look(now), False


def forget_codes(now: datetime) -> tuple[int, bool]:
    """Delete old verification codes, what was spent of limits long ago, and old keys of the API's callers."""
    deleted = forgetting.forget(now, most=BATCH) + ApiCall.objects.forget(now, most=BATCH)
    return deleted, deleted >= BATCH


def deliver_webhooks(now: datetime) -> tuple[int, bool]:
    """Go on with what other systems are to hear and have not heard. Returns deliveries published or put back."""
    return delivering.sweep(now, most=BATCH)


_STEPS: dict[str, Callable[[datetime], tuple[int, bool]]] = {
    "expired": expire,
    "unknown": end_claims,
    "published": publish_due,
    "probed": probe_paused,
    "matched": match_receipts,
    "suspected": watch_codes,
    "forgotten": forget_codes,
    "webhooks": deliver_webhooks,
    "counted": counting.count_due,
}
