"""Submits a batch: claims a window of messages, submits with threads, settles together.

While one window of messages is on the wire the next one is claimed already, so that no thread waits for the database.
More are never claimed: a worker that is killed leaves at most twice as many messages ``unknown`` as it has threads,
and everything else of its chunk is still ``queued``.
"""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby, starmap
from operator import attrgetter
from typing import NamedTuple

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, InternalError, OperationalError
from django.db.models import Max
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from django_ihuyi import conf
from django_ihuyi.dispatch import get_dispatcher
from django_ihuyi.gateway import GatewayError, Scope, SubmitResult, lookup
from django_ihuyi.models import AccountState, Message, OptOut, message_bulk
from django_ihuyi.models.message_status import ORDER_OF_WORK, Category
from django_ihuyi.transactions import is_refusal

from . import account_pause, submission, submit_rate
from .client_factory import make_client
from .recipient_throttle import MIN_INTERVAL, RecipientThrottle
from .submission import Outcome

_MARGIN = 15.0
"""Seconds beyond the end of its slice for which a chunk's rows belong to it: none may be published meanwhile."""
_RESERVE = 5.0
"""Seconds that a task needs beside a call: to settle what is in hand, and to give back what waits."""
_PAGE = 100
"""Messages read at a time."""
_GATHER = 0.05
"""Seconds that a finished call waits at most for others to be settled with."""
_SILENT = 8
"""So many calls in a row without a word of the gateway's, and no fewer than there are threads, mean that it is away."""
DATABASE_AWAY = (OperationalError, InterfaceError, InternalError)
"""What a database raises while it cannot be used, whatever the statement."""


@sensitive_variables()
def submit_batch(pks: Sequence[int], *, time_limit: float | None = None) -> None:
    """Submit those of the messages that are queued, due and nobody else's.

    Args:
        pks: Primary keys. Those that are gone or settled are not an error: tasks come twice and late.
        time_limit: Seconds after which the task is ended by force, if it is: what is left by then is given back before.
    """
    ends_by = None if time_limit is None else time.monotonic() + time_limit
    read = message_bulk.queued(pks).order_by("pk").values_list("account", "category", "pk", "due_at", "publish_at")
    rows = sorted(starmap(_Waiting, read), key=lambda row: (ORDER_OF_WORK.index(row.category), row.account))
    for (category, alias), alike in groupby(rows, key=attrgetter("category", "account")):
        BatchRun(alias, category, list(alike), ends_by).run()


class _Waiting(NamedTuple):
    """A row of the chunk before its message is read."""

    account: str
    category: str
    pk: int
    due_at: datetime
    publish_at: datetime


class _Turn(NamedTuple):
    """Which messages go next, and from when on (by the monotonic clock)."""

    messages: list[Message]
    begins: float
    turns: submit_rate.Slots


class BatchRun:
    """Messages of one account and category on their way: waiting, in hand (claimed, not settled), done."""

    def __init__(self, alias: str, category: str, rows: list[_Waiting], ends_by: float | None) -> None:
        self.alias = alias
        self.category = category
        self.account = conf.get_account(alias)
        self.client = make_client(self.account)
        # In hand, a message waits for one call at the most before its own begins.
        self.lease = submission.lease_for(self.client, calls=2)
        self.threads = min(self.account.concurrency, len(rows))
        # What a claim and a settling are worth while at least: half as many as there are threads, since the other half
        # of what is claimed ahead keeps them busy meanwhile. Where the database is the slower one, both take more.
        self.window = max(1, self.threads // 2)
        self.rows = rows
        self.unread = deque(row.pk for row in rows)
        self.waiting: deque[Message] = deque()
        self.spacing = RecipientThrottle()
        self.turn: _Turn | None = None
        self.on_wire = 0
        self.finished: list[tuple[Message, Outcome]] = []
        self.silent = 0
        self.fault: Outcome | None = None
        self.ends_at = self._end_of_slice(ends_by)
        self.held_until = timezone.now()
        self.calls: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self.results: queue.SimpleQueue[tuple[Message, Outcome]] = queue.SimpleQueue()

    @property
    def in_hand(self) -> int:
        """How many are claimed and not settled."""
        return self.on_wire + len(self.finished)

    def run(self) -> None:
        """Go on until nothing waits any more, the account is paused, or the slice of time is over.

        Raises:
            Exception: A fault of the database, or of a client of the site's own; what was in hand is settled.
        """
        self._fill()
        with self._threads():
            try:
                while self.unread or self.waiting or self.turn or self.in_hand:
                    while self._claim():
                        pass
                    if self.in_hand:
                        self._collect()
                        self._settle()
                    elif self.turn:
                        time.sleep(max(0.0, self.turn.begins - time.monotonic()))
            except Exception as error:
                self._abandon(error)
                # Whatever went wrong, what is on the wire has answers, and this is the only copy there will be. A time
                # limit of Celery's comes between any two steps: what it interrupted is taken up where it was.
                while self.in_hand:
                    self._collect()
                    self._settle()
                raise
        if self.fault is not None:
            submission.reraise_client_error(self.fault)

    def _end_of_slice(self, ends_by: float | None) -> float:
        """When this chunk gives back what is left of it, by the monotonic clock: before Celery ends the task."""
        now = time.monotonic()
        longest = now + get_dispatcher().chunk_time.total_seconds()
        if ends_by is None:
            return longest
        # A second at least, so that something is sent under any limit.
        return max(now + 1, min(longest, ends_by - self.client.longest_call - _RESERVE))

    def _fill(self) -> None:
        """Keep the sweep from publishing the rows again while this chunk runs."""
        now = timezone.now()
        self.held_until = now + timedelta(seconds=self.ends_at - time.monotonic() + _MARGIN)
        early = [row.pk for row in self.rows if row.due_at <= now and row.publish_at < self.held_until]
        if early:
            message_bulk.queued(early).update(publish_at=get_dispatcher().next_enqueue_at(self.held_until))

    @contextmanager
    def _threads(self) -> Iterator[None]:
        """Threads that make the calls and nothing else: none but the worker's own meets the database."""
        with ThreadPoolExecutor(self.threads, thread_name_prefix="django-ihuyi-submit") as pool:
            for _ in range(self.threads):
                pool.submit(self._make_calls)
            try:
                yield
            finally:
                for _ in range(self.threads):
                    self.calls.put(None)

    def _make_calls(self) -> None:
        for message in iter(self.calls.get, None):
            self.results.put((message, submission.call_gateway(self.client, message)))

    def _read(self) -> None:
        """Read the next page of the chunk, while the page before is on the wire."""
        pks = [self.unread.popleft() for _ in range(min(_PAGE, len(self.unread)))]
        now = timezone.now()
        page, early = [], []
        for message in message_bulk.queued(pks).order_by("pk"):
            if message.expires_at and message.expires_at <= now:
                message.expire(now=now)
            elif message.due_at <= now:
                page.append(message)
            elif message.due_at - now <= get_dispatcher().max_countdown:
                early.append(message)
        if early:  # by a clock that is a moment behind; or put off meanwhile
            countdown = (max(message.due_at for message in early) - now).total_seconds()
            get_dispatcher().enqueue_batch([message.pk for message in early], early[0].category, countdown=countdown)
        page = OptOut.objects.exclude_opted_out(page)
        self.waiting.extend(page)
        self.spacing.add(page)

    def _claim(self) -> bool:
        """Claim the next messages, if it is their turn and there is room for them. Returns whether to go on."""
        if self._free_slots() < self.window:
            return False
        if self.unread and len(self.waiting) < self.threads:
            self._read()
        if self.turn is None and self.waiting:
            if time.monotonic() > self.ends_at:
                self._requeue(0)
            else:
                self.turn = self._next_turn()
        if self.turn is None or time.monotonic() < self.turn.begins:
            return False
        messages, _begins, turns = self.turn
        claimed = message_bulk.claim_many(messages, now=timezone.now(), lease=self.lease)
        self.turn = None
        for message in claimed:
            self.calls.put(message)
        self.on_wire += len(claimed)
        if len(claimed) < len(messages):
            turns.release(len(messages) - len(claimed))
            if AccountState.objects.is_paused(self.alias):
                self.waiting.extend(message for message in messages if message not in claimed)
                self._release()
        return True

    def _free_slots(self) -> int:
        """How many more may be in hand: each waits for one call at the most before its own begins."""
        return 2 * self.threads - self.in_hand

    def _next_turn(self) -> _Turn | None:
        picked = self.spacing.pick(self.waiting, submit_rate.max_concurrent(self.account, self._free_slots()))
        wait = MIN_INTERVAL.total_seconds()
        if picked:
            turns = submit_rate.reserve(self.alias, self.account, self.category, len(picked))
            if turns.taken:
                return _Turn(picked, time.monotonic() + turns.wait, turns)
            wait = turns.wait
        self.waiting.extendleft(reversed(picked))
        # Others are at the account's turns, or all that waits is for numbers that had a message just now.
        if not self.in_hand and (picked or not self.unread or len(self.waiting) >= self.threads):
            self._requeue(wait)
        return None

    def _collect(self) -> None:
        """Wait for a call to end, and a moment for others: a settled window costs little more than one message."""
        # No call is out longer than its claim holds. An answer that a time limit took from our hands comes never.
        longest = self.lease.total_seconds()
        timeout = min(longest, max(0.0, self.turn.begins - time.monotonic())) if self.turn else longest
        while len(self.finished) < min(self.window, self.in_hand):
            try:
                self._record_outcome(timeout)
            except queue.Empty:
                if timeout == longest:
                    self.on_wire = 0
                break
            timeout = _GATHER
        # And those that are there without waiting: they are more where the database is the slower one.
        for _ in range(self.results.qsize()):
            self._record_outcome(0)

    def _record_outcome(self, timeout: float) -> None:
        self.finished.append(self.results.get(timeout=timeout))
        self.on_wire -= 1

    def _settle(self) -> None:
        finished = self.finished.copy()
        # Each leaves the list as it is settled: of what is interrupted, the rest is still there.
        submission.retry_on_db_error(partial(self._write, self.finished))
        for _message, outcome in finished:
            self.silent = self.silent + 1 if _is_silent(outcome) else 0
            if isinstance(outcome, Exception) and not isinstance(outcome, GatewayError):
                self.fault = outcome
                self._postpone()
        if self.silent >= max(_SILENT, self.threads) and (self.waiting or self.unread):
            account_pause.pause_silent(self.alias, now=timezone.now())
            self._release()

    def _write(self, left: list[tuple[Message, Outcome]]) -> None:
        """Settle what is in the list, and take it out: called again after a fault of the database, it goes on."""
        accepted = [
            (message, outcome)
            for message, outcome in left
            # A verification code is wiped from the record when it is settled: that is done row by row.
            if isinstance(outcome, SubmitResult) and outcome.accepted and message.category != Category.VERIFICATION
        ]
        if len(accepted) > 1:
            settled = _accept_together(accepted)
            left[:] = [item for item in left if item[0] not in settled]
        while left:
            submission.settle(left[-1][0], self.account, left[-1][1])
            left.pop()

    def _drop_rest(self) -> list[int]:
        """Stop here. Returns the primary keys of all that is not claimed, which is no longer this chunk's."""
        rest = [*(message.pk for message in self.waiting), *self.unread]
        if self.turn:
            rest += [message.pk for message in self.turn.messages]
            self.turn.turns.release(len(self.turn.messages))
        self._forget_rest()
        return rest

    def _forget_rest(self) -> None:
        self.unread.clear()
        self.waiting.clear()
        self.turn = None

    def _requeue(self, seconds: float) -> None:
        """Let another task go on with what waits, not before so many seconds are over."""
        rest = self._drop_rest()
        runs_at = timezone.now() + timedelta(seconds=seconds)
        if runs_at + timedelta(seconds=_MARGIN) > self.held_until:
            message_bulk.queued(rest).update(publish_at=get_dispatcher().next_enqueue_at(runs_at))
        get_dispatcher().enqueue_batch(rest, self.category, countdown=seconds)

    def _release(self) -> None:
        """Leave what waits to the sweep, due at once: it is published as soon as the account is not paused."""
        message_bulk.queued(self._drop_rest()).update(publish_at=timezone.now())

    def _postpone(self) -> None:
        """Leave what waits to the sweep, later each time: what a broken client is given becomes unknown."""
        rest = message_bulk.queued(self._drop_rest())
        publishes = rest.aggregate(most=Max("publishes"))["most"] or 0
        rest.update(publish_at=get_dispatcher().next_enqueue_at(timezone.now(), publishes))

    def _abandon(self, error: Exception) -> None:
        """See that somebody goes on with what waits, though this chunk cannot."""
        if isinstance(error, DATABASE_AWAY):
            # Nothing can be written down now: the task itself is tried again.
            self._forget_rest()
        elif isinstance(error, SoftTimeLimitExceeded):
            self._requeue(0)
        else:
            self._postpone()


def _accept_together(accepted: list[tuple[Message, SubmitResult]]) -> set[Message]:
    """Settle what can be settled in few statements; nothing if the database refuses any of it."""
    try:
        return set(message_bulk.accept_many(accepted, now=timezone.now()))
    except Exception as error:
        if not is_refusal(error):
            raise
        # Which one it was is found out one by one.
        return set()


def _is_silent(outcome: Outcome) -> bool:
    return isinstance(outcome, GatewayError) or (
        isinstance(outcome, SubmitResult) and lookup(outcome.code).scope is Scope.GATEWAY
    )
