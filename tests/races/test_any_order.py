"""Calls, tasks, pushes, sweeps, deaths and time in any order: a state machine that hypothesis drives.

What must hold after every step: no message is taken twice by the gateway, no arrow goes backwards, nothing is called
refused that the gateway took. And when the faults stop: every message ends, and the record agrees with the wire's own.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
import responses
import time_machine
from django.conf import settings as django_settings
from django.db import connections
from django.test import Client
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from django_ihuyi import maintenance, send_bulk, send_sms
from django_ihuyi.china_time import CHINA
from django_ihuyi.models import AccountState, Batch, Message, Receipt
from django_ihuyi.models.message_status import TRANSITIONS, MessageStatus
from tests.fakes import Answer, FakeBroker, FakeGateway, Published, SubmittedCall
from tests.state_machine import START, dying, explore

ENDS = {"delivered", "undelivered", "rejected", "expired", "cancelled", "unknown", "accepted"}
TAKEN = {"accepted", "delivered", "undelivered", "unknown", "submitting"}

FAULTS: list[Answer | SubmittedCall] = [
    0,
    407,
    4080,
    40501,
    4051,
    4072,
    9999,
    requests.exceptions.ConnectTimeout(),
    requests.exceptions.ReadTimeout(),
    (502, b"<html>"),
    (200, b"{"),
    SubmittedCall(requests.exceptions.ReadTimeout()),
    SubmittedCall(requests.exceptions.ConnectionError()),
    SubmittedCall((502, b"")),
    SubmittedCall((200, b'{"code":2,')),
    {"code": 2, "msg": "", "smsid": "0"},
]


class AnyOrder(RuleBasedStateMachine):
    """One site, one gateway, one clock."""

    def __init__(self) -> None:
        super().__init__()
        self.responses = responses.RequestsMock(assert_all_requests_are_fired=False)
        self.responses.start()
        self.wire = FakeGateway(self.responses)
        self.wire.when_taken = self.check_taken_once
        self.broker = FakeBroker()
        self.clock = time_machine.travel(START, tick=False)
        self.time = self.clock.start()
        self.history: dict[int, str] = {}
        self.tasks: list[Published] = []
        self.number = 0

    @initialize()
    def empty(self) -> None:
        self.broker.take()
        Receipt.objects.all().delete()
        Message.objects.all().delete()
        Batch.objects.all().delete()
        AccountState.objects.all().delete()

    def check_taken_once(self, form: dict[str, str]) -> None:
        times = Counter(taken["content"] for taken in self.wire.accepted)
        assert times[form["content"]] == 1, "the gateway took a message twice"

    def collect(self) -> None:
        self.tasks += self.broker.take()

    @rule(same_number=st.booleans(), expires=st.booleans(), later=st.booleans(), lost=st.booleans())
    def send(self, same_number: bool, expires: bool, later: bool, lost: bool) -> None:
        self.number += 1
        now = self.now()
        send_sms(
            "13800138000" if same_number else f"139{self.number:08}",
            f"message {self.number}",
            expires_at=now + timedelta(minutes=10) if expires else None,
            send_at=now + timedelta(minutes=2) if later else None,
        )
        if lost:
            self.broker.take()
        self.collect()

    @rule(numbers=st.lists(st.integers(0, 5), min_size=1, max_size=6), size=st.integers(1, 4), lost=st.booleans())
    def send_many(self, numbers: list[int], size: int, lost: bool) -> None:
        """A bulk, some of it to one number."""
        first = self.number + 1
        self.number += len(numbers)
        send_bulk(
            ((f"1380013800{number}", f"message {index}") for index, number in enumerate(numbers, start=first)),
            batch_size=size,
        )
        if lost:
            self.broker.take()
        self.collect()

    @precondition(lambda self: self.tasks)
    @rule(data=st.data(), keep=st.booleans(), fault=st.sampled_from([None, *FAULTS]))
    def work(self, data: st.DataObject, keep: bool, fault: Answer | SubmittedCall | None) -> None:
        """A worker runs a task; the broker may hand the same one out again."""
        task = data.draw(st.sampled_from(self.tasks))
        if not keep:
            self.tasks.remove(task)
        if fault is not None:
            self.wire.answer(fault)
        task.run()
        self.wire.forget_answers()
        self.collect()

    @precondition(lambda self: self.tasks)
    @rule(data=st.data(), statement=st.integers(1, 8), after=st.booleans(), fault=st.sampled_from([None, *FAULTS]))
    def die(self, data: st.DataObject, statement: int, after: bool, fault: Answer | SubmittedCall | None) -> None:
        """A worker is killed at a statement; the broker hands its task out again."""
        task = data.draw(st.sampled_from(self.tasks))
        if fault is not None:
            self.wire.answer(fault)
        with dying(statement, after):
            task.run()
        self.wire.forget_answers()
        self.collect()

    @precondition(lambda self: self.wire.accepted)
    @rule(data=st.data(), code=st.sampled_from([2, 0, 3]), statement=st.integers(0, 8), again=st.integers(1, 3))
    def push(self, data: st.DataObject, code: int, statement: int, again: int) -> None:
        """The gateway pushes a receipt up to three times; the web process may be killed in the first."""
        taken = data.draw(st.sampled_from(self.wire.accepted))
        fields = {
            "code": code,
            "msg": "",
            "mobilephone": taken["mobile"],
            "smsid": taken["smsid"],
            # When it was taken: one that is before its Submit would be another message's.
            "report_time": datetime.fromtimestamp(int(taken["time"]), CHINA).strftime("%Y-%m-%d %H:%M:%S"),
        }
        if statement:
            with dying(statement, after=statement % 2 == 0):
                self.post(fields)
        for _ in range(again):
            assert self.post(fields) == b"success"
        assert Receipt.objects.filter(mobile=taken["mobile"], code=code).exists()

    def post(self, fields: dict[str, Any]) -> bytes:
        url = f"/ihuyi/push/{django_settings.PUSH_TOKEN}/receipt/"
        response = Client().post(url, urlencode(fields), content_type="application/x-www-form-urlencoded")
        return bytes(response.content)

    @precondition(lambda self: self.history)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        Message.objects.get(pk=data.draw(st.sampled_from(sorted(self.history)))).cancel()

    @rule(seconds=st.sampled_from([1, 5, 30, 61, 300, 3600]))
    def wait(self, seconds: int) -> None:
        self.time.shift(seconds)

    @rule(lost=st.booleans())
    def sweep(self, lost: bool) -> None:
        maintenance.sweep()
        if lost:
            self.broker.take()
        self.collect()

    @rule(statement=st.integers(1, 12), after=st.booleans())
    def die_sweeping(self, statement: int, after: bool) -> None:
        with dying(statement, after):
            maintenance.sweep()
        self.collect()

    def now(self) -> datetime:
        return timezone.now()

    @invariant()
    def no_arrow_goes_backwards(self) -> None:
        for pk, status in Message.objects.values_list("pk", "status"):
            before = self.history.get(pk, "queued")
            assert status in reachable(before), f"{before} -> {status}"
            self.history[pk] = status

    @invariant()
    def what_was_taken_is_not_called_unsent(self) -> None:
        taken = {form["content"] for form in self.wire.accepted}
        for content, status in Message.objects.values_list("content", "status"):
            if content in taken:
                assert status in TAKEN, f"taken, but {status}"
            else:
                assert status not in {"accepted", "delivered", "undelivered"}, f"not taken, but {status}"

    def teardown(self) -> None:
        try:
            self.settle_down()
        finally:
            self.clock.stop()
            self.responses.stop(allow_assert=False)
            self.responses.reset()
            connections.close_all()

    def settle_down(self) -> None:
        """The faults stop: the sweep and workers go on until nothing changes any more."""
        if not self.history:
            return
        self.wire.forget_answers()
        for _ in range(12):
            self.time.shift(1900)
            maintenance.sweep()
            self.collect()
            while self.tasks:
                tasks, self.tasks = self.tasks, []
                for task in tasks:
                    task.run()
                # Several messages to one number go a second apart.
                self.time.shift(2)
                self.collect()
            self.no_arrow_goes_backwards()
            self.what_was_taken_is_not_called_unsent()
        counts = Counter(Message.objects.values_list("status", flat=True))
        assert set(counts) <= ENDS, f"not ended: {counts}"
        assert not AccountState.objects.filter(paused_since__isnull=False).exists() or not counts["queued"]
        for message in Message.objects.exclude(smsid=None):
            words = set(Receipt.objects.filter(smsid=message.smsid).values_list("message", "code"))
            if words:
                assert {pk for pk, _code in words} == {message.pk}, "a receipt was not matched"
                assert message.status == ("delivered" if (message.pk, 2) in words else "undelivered")
        accepted = {form["content"] for form in self.wire.accepted}
        reported = Message.objects.exclude(status__in=["rejected", "expired", "cancelled", "unknown"])
        assert set(reported.values_list("content", flat=True)) <= accepted


def reachable(status: str) -> set[str]:
    """Every status that the table lets a message get to from this one."""
    found = {status}
    while True:
        more = {str(target) for target, sources in TRANSITIONS.items() if found & {str(s) for s in sources}}
        # Back to queued is the one arrow down, and only from submitting.
        if more <= found:
            return found
        found |= more


@pytest.mark.at_length
@pytest.mark.django_db(transaction=True)
def test_any_order() -> None:
    explore(AnyOrder, examples=40, steps=40)


def test_ends_are_ends() -> None:
    assert reachable("delivered") == {"delivered"}
    assert reachable("rejected") == {"rejected"}
    assert reachable("undelivered") == {"undelivered", "delivered"}
    assert MessageStatus.QUEUED not in reachable("unknown")
