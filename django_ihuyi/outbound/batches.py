"""A chunk of messages over the wire: claimed a few at a time, submitted by threads, settled a few at a time.

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
from datetime import timedelta
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from django_ihuyi import conf
from django_ihuyi.gateway import GatewayError, Scope, SubmitResult, lookup
from django_ihuyi.models import AccountState, Message, OptOut, many
from django_ihuyi.models.categories import Category

from . import accounts, publishing, rates, submission
from .clients import make_client
from .spacing import APART, Spacing
from .submission import Outcome

SLICE = 60.0
"""Seconds after which a worker gives back what is left of its chunk, so that other tasks have their turn."""
_PAGE = 100
"""Messages read at a time."""
_GATHER = 0.05
"""Seconds that a finished call waits at most for others to be settled with."""
_SILENT = 8
"""So many calls in a row without a word of the gateway's, and no fewer than there are threads, mean that it is away."""


@sensitive_variables()
def submit(pks: Sequence[int]) -> None:
    """Submit those of the messages that are queued, due and nobody else's.

    Args:
        pks: Primary keys. Those that are gone or settled are not an error: tasks come twice and late.
    """
    rows = many.queued(pks).order_by("account", "pk")
    for alias, alike in groupby(rows.values_list("account", "pk"), key=itemgetter(0)):
        _Chunk(alias, [pk for _alias, pk in alike]).run()


class _Turn(NamedTuple):
    """Which messages go next, and from when on (by the monotonic clock)."""

    messages: list[Message]
    begins: float


class _Chunk:
    """Messages of one account on their way: waiting, in hand (claimed, not settled), done."""

    def __init__(self, alias: str, pks: list[int]) -> None:
        self.alias = alias
        self.account = conf.get_account(alias)
        self.client = make_client(self.account)
        # In hand, a message waits for one call at the most before its own begins.
        self.lease = submission.lease_of(self.client, calls=2)
        self.threads = min(self.account.concurrency, len(pks))
        # What a claim and a settling are worth while at least: half as many as there are threads, since the other half
        # of what is claimed ahead keeps them busy meanwhile. Where the database is the slower one, both take more.
        self.window = max(1, self.threads // 2)
        self.unread = deque(pks)
        self.waiting: deque[Message] = deque()
        self.spacing = Spacing()
        self.turn: _Turn | None = None
        self.in_hand = 0
        self.silent = 0
        self.fault: Outcome | None = None
        self.ends_at = time.monotonic() + SLICE
        self.calls: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self.results: queue.SimpleQueue[tuple[Message, Outcome]] = queue.SimpleQueue()

    def run(self) -> None:
        """Go on until nothing waits any more, the account is paused, or the slice of time is over.

        Raises:
            Exception: The fault of a client of the site's own; what was in hand is settled.
        """
        with self._threads():
            try:
                while self.unread or self.waiting or self.turn or self.in_hand:
                    while self._claim():
                        pass
                    if self.in_hand:
                        self._settle(self._collect())
                    elif self.turn:
                        time.sleep(max(0.0, self.turn.begins - time.monotonic()))
            except Exception:
                # Whatever went wrong, what is on the wire has answers, and this is the only copy there will be.
                self._leave()
                while self.in_hand:
                    self._settle(self._collect())
                raise
        if self.fault is not None:
            submission.raise_fault(self.fault)

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
            self.results.put((message, submission.exchange(self.client, message)))

    def _read(self) -> None:
        """Read the next page of the chunk, while the page before is on the wire."""
        pks = [self.unread.popleft() for _ in range(min(_PAGE, len(self.unread)))]
        now = timezone.now()
        page, early = [], []
        for message in many.queued(pks).order_by("pk"):
            if message.expires_at and message.expires_at <= now:
                message.expire(now=now)
            elif message.due_at <= now:
                page.append(message)
            elif message.due_at - now <= publishing.SOON:
                early.append(message)
        if early:  # by a clock that is a moment behind; or put off meanwhile
            countdown = (max(message.due_at for message in early) - now).total_seconds()
            publishing.publish_chunk([message.pk for message in early], early[0].category, countdown=countdown)
        page = OptOut.objects.wanted(page)
        self.waiting.extend(page)
        self.spacing.add(page)

    def _claim(self) -> bool:
        """Claim the next messages, if it is their turn and there is room for them. Returns whether to go on."""
        if self._room() < self.window:
            return False
        if self.unread and len(self.waiting) < self.threads:
            self._read()
        if self.turn is None and self.waiting:
            if time.monotonic() > self.ends_at:
                self._give_back(0)
            else:
                self.turn = self._next_turn()
        if self.turn is None or time.monotonic() < self.turn.begins:
            return False
        messages, self.turn = self.turn.messages, None
        claimed = many.claim(messages, now=timezone.now(), lease=self.lease)
        for message in claimed:
            self.calls.put(message)
        self.in_hand += len(claimed)
        if len(claimed) < len(messages) and AccountState.objects.is_paused(self.alias):
            self._leave()
        return True

    def _room(self) -> int:
        """How many more may be in hand: each waits for one call at the most before its own begins."""
        return 2 * self.threads - self.in_hand

    def _next_turn(self) -> _Turn | None:
        picked = self.spacing.pick(self.waiting, rates.at_once(self.account, self._room()))
        wait = rates.reserve(self.alias, self.account, len(picked)) if picked else APART.total_seconds()
        if picked and wait <= rates.PATIENCE:
            return _Turn(picked, time.monotonic() + wait)
        self.waiting.extendleft(reversed(picked))
        # Others are at the account's turns, or all that waits is for numbers that had a message just now.
        if not self.in_hand and (picked or not self.unread or len(self.waiting) >= self.threads):
            self._give_back(wait)
        return None

    def _collect(self) -> list[tuple[Message, Outcome]]:
        """Wait for a call to end, and a moment for others: a settled window costs little more than one message."""
        finished: list[tuple[Message, Outcome]] = []
        timeout = max(0.0, self.turn.begins - time.monotonic()) if self.turn else None
        while len(finished) < min(self.window, self.in_hand):
            try:
                finished.append(self.results.get(timeout=timeout))
            except queue.Empty:
                break
            timeout = _GATHER
        # And those that are there without waiting: they are more where the database is the slower one.
        finished += [self.results.get_nowait() for _ in range(self.results.qsize())]
        return finished

    def _settle(self, finished: list[tuple[Message, Outcome]]) -> None:
        self.in_hand -= len(finished)
        submission.surely(partial(self._write, finished.copy()))
        for _message, outcome in finished:
            self.silent = self.silent + 1 if _is_silent(outcome) else 0
            if isinstance(outcome, Exception) and not isinstance(outcome, GatewayError):
                self.fault = outcome
                self._leave()
        if self.silent >= max(_SILENT, self.threads) and (self.waiting or self.unread):
            accounts.pause_silent(self.alias, now=timezone.now())
            self._leave()

    def _write(self, left: list[tuple[Message, Outcome]]) -> None:
        """Settle what is in the list, and take it out: called again after a fault of the database, it goes on."""
        accepted = [
            (message, outcome)
            for message, outcome in left
            # A verification code is wiped from the record when it is settled: that is done row by row.
            if isinstance(outcome, SubmitResult) and outcome.accepted and message.category != Category.VERIFICATION
        ]
        if len(accepted) > 1:
            settled = set(many.accept(accepted, now=timezone.now()))
            left[:] = [item for item in left if item[0] not in settled]
        while left:
            submission.settle(left[-1][0], self.account, left[-1][1])
            left.pop()

    def _leave(self) -> None:
        """Leave what waits in the table: upkeep goes on with it when the account is resumed."""
        self.unread.clear()
        self.waiting.clear()
        self.turn = None

    def _give_back(self, seconds: float) -> None:
        """Let another task go on with what waits, not before so many seconds are over."""
        pks, category = [*(message.pk for message in self.waiting), *self.unread], self.waiting[0].category
        self._leave()
        publish_at = publishing.publish_again_at(timezone.now() + timedelta(seconds=seconds))
        many.queued(pks).update(publish_at=publish_at)
        publishing.publish_chunk(pks, category, countdown=seconds)


def _is_silent(outcome: Outcome) -> bool:
    return isinstance(outcome, GatewayError) or (
        isinstance(outcome, SubmitResult) and lookup(outcome.code).scope is Scope.GATEWAY
    )
