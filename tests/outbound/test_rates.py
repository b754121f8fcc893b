"""``RATE_LIMIT``: turns on the wire that all workers share, and that nobody takes without using them."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from time_machine import travel

from django_ihuyi import conf, send_sms
from django_ihuyi.models import AccountState, Message
from django_ihuyi.outbound import rates
from django_ihuyi.tasks import submit_batch, submit_message
from tests.outbound.working import bulk, statuses
from tests.wire import FakeBroker, FakeWire

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_rate_is_kept_to(wire: FakeWire, broker: FakeBroker, use: Any) -> None:
    use(RATE_LIMIT=40)
    pks = bulk(30)
    began = time.monotonic()
    submit_batch(pks)
    took = time.monotonic() - began
    assert statuses() == {"accepted": 30}
    # Windows of ten: the third begins when the turns of the twenty before it are over.
    assert took >= 0.5


def test_turns_are_shared(use: Any) -> None:
    use(RATE_LIMIT=10)
    account = conf.get_account("default")
    with travel(timezone.now(), tick=False) as clock:
        waits = [rates.reserve("default", account, 5) for _ in range(3)]
        assert waits == pytest.approx([0, 0.5, 1.0])
        clock.shift(60)
        assert rates.reserve("default", account, 1) == pytest.approx(0)
    assert rates.at_once(account, 16) == 2


def test_a_single_message_waits_for_its_turn_or_goes_back(wire: FakeWire, broker: FakeBroker, use: Any) -> None:
    use(RATE_LIMIT=20)
    messages = [send_sms(f"1390000000{n}", "您好") for n in range(3)]
    broker.take()
    began = time.monotonic()
    for message in messages:
        submit_message(message.pk)
    assert time.monotonic() - began >= 0.09
    assert statuses() == {"accepted": 3}
    use(RATE_LIMIT=0.1)
    send_sms("13900000004", "您好")
    late = send_sms("13900000005", "您好")
    for pk in broker.take_pks():
        submit_message(pk)
    (task,) = broker.take()
    assert task.pks == [late.pk]
    late.refresh_from_db()
    assert 8 <= (late.due_at - timezone.now()).total_seconds() <= 20
    with travel(late.due_at, tick=False):
        task.run()
    assert statuses() == {"accepted": 5}


def test_many_single_messages_beyond_the_rate_all_go_out(wire: FakeWire, broker: FakeBroker, use: Any) -> None:
    use(RATE_LIMIT=10)
    for n in range(150):
        send_sms(f"139{n:08}", "您好")
    tasks = broker.take()
    with travel(timezone.now(), tick=False) as clock, pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", lambda seconds: None)  # as many workers as there are tasks
        began, rounds = timezone.now(), 0
        while tasks and rounds < 100:
            for task in tasks:
                task.run()
            tasks = broker.take()
            clock.shift(5)
            rounds += 1
        assert statuses() == {"accepted": 150}
        assert (timezone.now() - began).total_seconds() <= 60


def test_a_clock_that_jumped_does_not_stop_an_account(use: Any) -> None:
    use(RATE_LIMIT=10)
    account = conf.get_account("default")
    AccountState.objects.create(account="default", next_turn_at=timezone.now() + timedelta(hours=1))
    assert rates.reserve("default", account, 1) <= 0.1


def test_a_bulk_gives_its_chunk_back_where_others_have_the_turns(wire: FakeWire, broker: FakeBroker, use: Any) -> None:
    use(RATE_LIMIT=10)
    pks = bulk(5)
    broker.take()
    AccountState.objects.create(account="default", next_turn_at=timezone.now() + timedelta(seconds=20))
    submit_batch(pks)
    (task,) = broker.take()
    assert (sorted(task.pks), wire.forms) == (pks, [])
    assert task.eta is not None


def test_a_turn_shortens_no_pause(wire: FakeWire, broker: FakeBroker, use: Any) -> None:
    use(RATE_LIMIT=0.1)
    message = send_sms("13900000001", "您好")
    later = timezone.now() + timedelta(minutes=15)
    stale = Message.objects.get()
    Message.objects.update(due_at=later)
    assert not stale.postpone(due_at=timezone.now(), publish_at=timezone.now())
    broker.take()
    submit_message(message.pk)
    assert Message.objects.get().due_at == later
    assert broker.take() == []
