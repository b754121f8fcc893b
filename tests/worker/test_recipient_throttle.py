"""One message a second to one number, in chunks and one by one."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone
from time_machine import travel

from django_ihuyi import send_bulk, send_sms
from django_ihuyi.models import Message
from django_ihuyi.tasks import submit_batch, submit_message
from django_ihuyi.worker import batch_submission
from tests.fakes import FakeBroker, FakeGateway
from tests.worker.helpers import statuses

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def same_number(broker: FakeBroker) -> list[int]:
    send_bulk([("13800138000", f"{n}") for n in range(4)])
    return broker.take_pks()


def test_one_number_gets_one_message_a_second(wire: FakeGateway, broker: FakeBroker, same_number: list[int]) -> None:
    moments: list[Any] = []
    with travel(timezone.now(), tick=False) as clock:
        wire.when_taken = lambda form: moments.append(timezone.now())
        pending = [same_number]
        while pending:
            submit_batch(pending.pop())
            tasks = broker.take()
            assert all(task.eta is not None for task in tasks)
            pending = [task.pks for task in tasks]
            clock.shift(1.2)
    assert statuses() == {"accepted": 4}
    assert all(later - sooner >= timedelta(seconds=1.1) for sooner, later in pairwise(moments))


def test_a_long_row_of_messages_to_one_number_ends(wire: FakeGateway, broker: FakeBroker, use: Any) -> None:
    use(CONCURRENCY=2)
    send_bulk([("13800138000", f"{n}") for n in range(batch_submission._PAGE + 20)])
    (task,) = broker.take()
    task.run()
    assert len(wire.accepted) == 1
    (rest,) = broker.take()
    assert len(rest.pks) == batch_submission._PAGE + 19


def test_a_number_that_another_worker_has_just_used_waits(wire: FakeGateway, broker: FakeBroker) -> None:
    other = send_sms("13800138000", "好")
    pks = [send_sms("13800138000", "您好").pk, send_sms("13900139000", "您好").pk]
    broker.take()
    submit_message(other.pk)
    submit_batch(pks)
    assert Message.objects.get(pk=pks[0]).status == "queued"
    assert Message.objects.get(pk=pks[1]).status == "accepted"
    assert broker.take_pks() == [pks[0]]


def test_messages_to_one_number_do_not_use_up_each_others_attempts(
    wire: FakeGateway, broker: FakeBroker, use: Any
) -> None:
    messages = [send_sms("13800138000", f"{n}") for n in range(20)]
    tasks = broker.take()
    wire.answer(2, *[4080] * 19)  # all at once, at first
    with travel(timezone.now(), tick=False) as clock:
        for _ in range(60):
            for task in tasks:
                task.run()
            wire.forget_answers()
            clock.shift(2)
            tasks = broker.take()
    assert statuses() == {"accepted": 20}
    assert max(Message.objects.values_list("attempts", flat=True)) == 2
    assert len(messages) == len(wire.accepted)
