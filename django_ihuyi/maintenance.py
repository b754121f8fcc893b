"""The sweep: periodic maintenance that finishes what a crashed process or a lost task left.

Its steps are those of the core (lost tasks, claims that ran out, late texts, kept receipts) and those of the installed
features (:meth:`.hooks.FeatureConfig.maintenance_steps`). Every step takes bounded batches and is safe beside workers,
pushes and other sweeps: it changes rows only through conditional UPDATEs. A row that a step cannot handle is logged and
put off, and the step goes on with the others.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q
from django.utils import timezone

from . import conf, hooks
from .hooks import MaintenanceStep
from .isolation import NO_ROWS_FAULT, RowsFailedError, each_row
from .models import AccountState, Message, Receipt, message_bulk
from .models.account_state import LONGEST_PAUSE
from .models.base import without_index
from .models.message_status import MessageStatus
from .worker import account_pause, backlog, submission

logger = logging.getLogger(__name__)

BATCH = 500
"""Rows that one step reads of a kind at a time, unless the caller of the sweep says otherwise."""
TIME_BUDGET = 8.0
"""Seconds for which a sweep begins new batches, unless its caller says otherwise; the next sweep does the rest."""
_POSTPONED_BY = timedelta(hours=1)
"""How long a row is left alone that a step could not handle."""


def sweep(
    *,
    time_limit: float | None = None,
    batch: int = BATCH,
    budget: float = TIME_BUDGET,
    steps: Sequence[MaintenanceStep] | None = None,
) -> dict[str, int]:
    """Do every step until nothing is left to do or the time is over.

    Args:
        time_limit: Seconds after which the sweep is ended by force, if it is: it ends before.
        batch: Rows that one step reads of a kind at a time.
        budget: Seconds for which new batches are begun.
        steps: What to do, in this order; None for :func:`all_steps`.

    Returns:
        How many rows the steps of each name changed: ``expired``, ``unknown``, ``published``, ``probed``, ``matched``,
            and what the installed features add (``suspected``, ``forgotten``, ``webhooks``, ``counted``).

    Raises:
        Exception: What the first step to fail raised, after all the others were done.
    """
    deadline = time.monotonic() + (budget if time_limit is None else min(budget, time_limit / 2))
    todo = all_steps() if steps is None else steps
    counts: dict[str, int] = {}
    failures: list[Exception] = []
    for done, step in enumerate(todo):
        # An equal share of the time that is left: what one step does not need, the next ones have.
        now = time.monotonic()
        share = now + max(0.0, deadline - now) / (len(todo) - done)
        counts[step.name] = counts.get(step.name, 0) + _run(step, batch, share, failures)
    if failures:
        raise failures[0]
    return counts


def all_steps() -> list[MaintenanceStep]:
    """Return the steps of the core and of the installed features, in the order in which they run."""
    core = [
        MaintenanceStep("expired", 10, expire),
        MaintenanceStep("unknown", 20, expire_claims),
        MaintenanceStep("published", 30, enqueue_due),
        MaintenanceStep("probed", 40, lambda now, _most: probe_paused(now)),
        MaintenanceStep("matched", 50, match_receipts),
    ]
    of_features = [step for config in hooks.features() for step in config.maintenance_steps()]
    return sorted([*core, *of_features], key=lambda step: step.order)


def _run(step: MaintenanceStep, batch: int, until: float, failures: list[Exception]) -> int:
    """Do one step. Returns how many rows it changed; what it raised is added to the failures."""
    count, more = 0, True
    # Once at least: a step with a mountain of work must not keep the others from theirs.
    while more:
        try:
            changed, more = step.run(timezone.now(), batch)
        except SoftTimeLimitExceeded:
            raise
        except RowsFailedError as failed:
            changed, more = failed.changed, failed.more
            failures.append(failed.error)
        except Exception as error:  # noqa: BLE001  raised again when the other steps are done
            logger.error(  # noqa: TRY400  the traceback comes with the raise
                "The sweep's step %r failed: %s", step.name, type(error).__name__, extra={"event": "sweep.failed"}
            )
            failures.append(error)
            return count
        count += changed
        more = more and time.monotonic() < until
    return count


def expire(now: datetime, most: int = BATCH) -> tuple[int, bool]:
    """Turn what is queued past its ``expires_at`` into ``expired``.

    Args:
        now: The present.
        most: Rows to read.

    Returns:
        How many rows were changed, and whether there is more to do at once.

    Raises:
        RowsFailedError: Some rows could not be changed; all others were.
    """
    late = list(Message.objects.filter(status=MessageStatus.QUEUED, expires_at__lte=now).order_by("expires_at")[:most])
    try:
        return len(message_bulk.expire_many(late, now=now)), len(late) == most
    except NO_ROWS_FAULT:
        raise
    except Exception:  # noqa: BLE001  which row it was is found out one by one
        fresh = Message.objects.filter(pk__in=[message.pk for message in late])
        # No time of theirs can be put off; as long as they are fewer than a batch, they stop nobody.
        return each_row(fresh, lambda row: row.expire(now=now), lambda row: None).as_step(more=False)


def expire_claims(now: datetime, most: int = BATCH) -> tuple[int, bool]:
    """Settle what a worker claimed and never finished: it may have gone out. See :func:`expire`."""
    ran_out = Message.objects.filter(status=MessageStatus.SUBMITTING, claimed_until__lt=now)
    lost = list(ran_out.order_by("claimed_until")[:most])

    def put_off(message: Message) -> None:
        same = Q(status=MessageStatus.SUBMITTING, attempts=message.attempts)
        Message.objects.filter(without_index(same), pk=message.pk).update(claimed_until=now + _POSTPONED_BY)

    return each_row(lost, _expire_claim, put_off).as_step(more=len(lost) == most)


def _expire_claim(message: Message) -> int:
    error = "The worker that submitted it never came back."
    try:
        account = conf.get_account(message.account)
    except ImproperlyConfigured:
        # An account taken out of the settings must not keep its messages "submitting" for ever.
        message.mark_unknown(error=error)
    else:
        submission.mark_unknown(message, account, error=error)
    return 1


def enqueue_due(now: datetime, most: int = BATCH) -> tuple[int, bool]:
    """Publish what is queued and due but whose task was never published or got lost, codes first. See :func:`expire`.

    What waits for a paused account is left alone: :func:`probe_paused` has it.
    """
    return backlog.enqueue_due(now, most=most)


def probe_paused(now: datetime) -> tuple[int, bool]:
    """Try paused accounts whose next probe is due. See :func:`expire`."""
    due = AccountState.objects.probes_due(now)

    def put_off(state: AccountState) -> None:
        AccountState.objects.filter(pk=state.pk, probe_at=state.probe_at).update(probe_at=now + LONGEST_PAUSE)

    return each_row(due, lambda state: account_pause.probe(state, now=now), put_off).as_step(more=False)


def match_receipts(now: datetime, most: int = BATCH) -> tuple[int, bool]:
    """Look again for the messages of receipts that came first. See :func:`expire`."""
    window = conf.get_settings().receipt_window
    kept = Receipt.objects.to_match(now, most=most)

    def put_off(receipt: Receipt) -> None:
        Receipt.objects.filter(without_index(Q(match_at=receipt.match_at)), pk=receipt.pk).update(
            match_at=now + _POSTPONED_BY
        )

    matched = each_row(kept, lambda receipt: Receipt.objects.match(receipt, window=window, now=now), put_off)
    return matched.as_step(more=len(kept) == most)
