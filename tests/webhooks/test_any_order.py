"""Changes, tasks, sweeps, deaths, failing receivers and time in any order: a state machine that hypothesis drives.

What must hold after every step: a change and what is to be told of it are both there or neither, an event is posted
with one id and one body, and no row is called delivered that no receiver took. When the faults stop: every event
reached the receiver, or is a dead letter with all its tries, or three days, behind it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import pytest
import time_machine
from django.db import connections
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from django_ihuyi.models import Message
from django_ihuyi.webhooks import signatures, worker
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint
from django_ihuyi.webhooks.models.endpoint import MAX_AGE
from tests.fakes import FakeBroker, Published
from tests.state_machine import START, dying, explore

from .receiver import ALLOWED, NO_ANSWER, Receiver

TRIES = 4
ANSWERS = st.sampled_from([204, 204, 400, 429, 500, NO_ANSWER])


class AnyOrder(RuleBasedStateMachine):
    """One site, one receiver, one clock."""

    receiver: Receiver

    def __init__(self) -> None:
        super().__init__()
        self.broker = FakeBroker()
        self.clock = time_machine.travel(START, tick=False)
        self.time = self.clock.start()
        self.tasks: list[Published] = []

    @initialize()
    def empty(self) -> None:
        self.broker.take()
        self.receiver.forget()
        WebhookDelivery.objects.all().delete()
        WebhookEndpoint.objects.all().delete()
        Message.objects.all().delete()
        self.endpoint = WebhookEndpoint.objects.create(
            name="shop", url=self.receiver.url, events=["message.cancelled"], whole_numbers=True
        )

    def collect(self, *, lost: bool = False) -> None:
        published = self.broker.take()
        if not lost:
            self.tasks += published

    @rule(statement=st.integers(0, 6), after=st.booleans(), lost=st.booleans())
    def happen(self, statement: int, after: bool, lost: bool) -> None:
        """Something happens, in a process that may be killed in it; its task may get lost."""
        message = Message.objects.create(mobile="13800138000", content="您好")
        with dying(statement, after):
            message.cancel()
        self.collect(lost=lost)
        changed = Message.objects.filter(pk=message.pk, status="cancelled").exists()
        told = WebhookDelivery.objects.filter(message=message).exists()
        assert told is (changed and self.endpoint.active)

    @precondition(lambda self: self.tasks)
    @rule(data=st.data(), keep=st.booleans(), answer=ANSWERS, statement=st.integers(0, 7), after=st.booleans())
    def work(self, data: st.DataObject, keep: bool, answer: int, statement: int, after: bool) -> None:
        """A worker, which may be killed, runs a task; the broker may hand the same one out again."""
        task = data.draw(st.sampled_from(self.tasks))
        if not keep:
            self.tasks.remove(task)
        self.receiver.answer(answer)
        with dying(statement, after):
            task.run()
        self.receiver.forget_answers()
        self.collect()

    @rule(statement=st.integers(0, 12), after=st.booleans(), lost=st.booleans())
    def sweep(self, statement: int, after: bool, lost: bool) -> None:
        """A sweep, which may be killed."""
        with dying(statement, after):
            worker.sweep(timezone.now(), most=500)
        self.endpoint.refresh_from_db()  # which may be switched off now
        self.collect(lost=lost)

    @rule(seconds=st.sampled_from([1, 20, 61, 300, 3600, 30000]))
    def wait(self, seconds: int) -> None:
        self.time.shift(seconds)

    @rule(on=st.booleans())
    def switch(self, on: bool) -> None:
        """Staff switch the endpoint; what happens while it is off is not told."""
        if on:
            self.endpoint.switch_on()
        else:
            self.endpoint.switch_off(reason="", now=timezone.now())

    @precondition(lambda self: WebhookDelivery.objects.filter(status="dead").exists())
    @rule()
    def replay(self) -> None:
        """Somebody has a dead letter posted again; the task may be lost."""
        for row in WebhookDelivery.objects.filter(status="dead"):
            assert row.replay(now=timezone.now())

    @invariant()
    def no_row_is_called_what_it_is_not(self) -> None:
        taken = {post.headers["webhook-id"] for post in self.receiver.posts if post.status == 204}
        for row in WebhookDelivery.objects.all():
            assert row.status != "delivered" or row.event_id in taken
            assert row.attempts <= TRIES
            assert (row.ended_at is not None) is (row.status in {"delivered", "dead"})
            assert (row.claimed_until is not None) is (row.status == "sending")

    @invariant()
    def one_event_has_one_body(self) -> None:
        bodies = defaultdict(set)
        for post in self.receiver.posts:
            bodies[post.headers["webhook-id"]].add(post.body)
            stamp = float(post.headers["webhook-timestamp"])
            assert signatures.verify([self.endpoint.secret], post.headers, post.body, now=stamp)
        assert all(len(different) == 1 for different in bodies.values())

    def teardown(self) -> None:
        try:
            self.settle_down()
        finally:
            self.clock.stop()
            connections.close_all()

    def settle_down(self) -> None:
        """The faults stop: the sweep and workers go on until nothing changes any more."""
        self.endpoint.switch_on()
        for _ in range(TRIES + 4):
            self.time.shift(30000)
            worker.sweep(timezone.now(), most=500)
            self.collect()
            tasks, self.tasks = self.tasks, []
            for task in tasks:
                task.run()
            self.collect()
            self.no_row_is_called_what_it_is_not()
            self.one_event_has_one_body()
        for row in WebhookDelivery.objects.all():
            assert row.status in {"delivered", "dead"}, f"not ended: {row.status}"
            is_old = row.ended_at is not None and row.ended_at - row.created_at >= MAX_AGE
            assert row.status == "delivered" or row.attempts == TRIES or is_old


@pytest.mark.at_length
@pytest.mark.django_db(transaction=True)
def test_any_order(receiver: Receiver, use: Callable[..., None]) -> None:
    use(**{**ALLOWED, "PORTS": [receiver.port], "MAX_ATTEMPTS": TRIES})
    AnyOrder.receiver = receiver
    explore(AnyOrder, examples=30, steps=30)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("statement", range(1, 6))
def test_a_death_at_any_statement_leaves_both_or_neither(
    statement: int, after: bool, receiver: Receiver, use: Callable[..., None]
) -> None:
    use(**ALLOWED, PORTS=[receiver.port])
    WebhookEndpoint.objects.create(name="shop", url=receiver.url, events=["message.cancelled"])
    message = Message.objects.create(mobile="13800138000", content="您好")
    WebhookEndpoint.objects.subscribed_to("message.cancelled")
    with dying(statement, after):
        message.cancel()
    FakeBroker().take()
    told = WebhookDelivery.objects.filter(message=message).exists()
    assert told is (Message.objects.get().status == "cancelled")
