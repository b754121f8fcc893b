"""``RATE_LIMIT``: turns on the wire that all workers share, and that nobody takes without using them."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from time_machine import travel

from django_ihuyi import conf, send_bulk, send_sms
from django_ihuyi.models import AccountState, Message
from django_ihuyi.tasks import submit_batch, submit_message
from django_ihuyi.worker import submit_rate
from tests.fakes import FakeBroker, FakeGateway
from tests.worker.helpers import bulk, statuses

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_rate_is_kept_to(wire: FakeGateway, broker: FakeBroker, use: Any) -> None:
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
        waits = [submit_rate.reserve("default", account, "notification", 5).wait for _ in range(3)]
        assert waits == pytest.approx([0, 0.5, 1.0])
        clock.shift(60)
        assert submit_rate.reserve("default", account, "notification", 1).wait == pytest.approx(0)
    assert submit_rate.max_concurrent(account, 16) == 2


def test_a_single_message_waits_for_its_turn_or_goes_back(wire: FakeGateway, broker: FakeBroker, use: Any) -> None:
    use(RATE_LIMIT=20)
    messages = [send_sms(f"1390000000{n}", "您好") for n in range(3)]
    broker.take()
    began = time.monotonic()
    for message in messages:
        submit_message(message.pk)
    assert time.monotonic() - began >= 0.09
    assert statuses() == {"accepted": 3}
    use(RATE_LIMIT=0.1)
    send_sms("13900000004", "您好", category="marketing")
    late = send_sms("13900000005", "您好", category="marketing")
    for pk in broker.take_pks():
        submit_message(pk)
    (task,) = broker.take()
    assert task.pks == [late.pk]
    late.refresh_from_db()
    assert 8 <= (late.due_at - timezone.now()).total_seconds() <= 20
    with travel(late.due_at, tick=False):
        task.run()
    assert statuses() == {"accepted": 5}


def test_many_single_messages_beyond_the_rate_all_go_out(wire: FakeGateway, broker: FakeBroker, use: Any) -> None:
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
    assert submit_rate.reserve("default", account, "notification", 1).wait <= 0.1


def test_a_bulk_gives_its_chunk_back_where_others_have_the_turns(
    wire: FakeGateway, broker: FakeBroker, use: Any
) -> None:
    use(RATE_LIMIT=10)
    pks = bulk(5)
    broker.take()
    AccountState.objects.create(account="default", next_turn_at=timezone.now() + timedelta(seconds=20))
    submit_batch(pks)
    (task,) = broker.take()
    assert (sorted(task.pks), wire.forms) == (pks, [])
    assert task.eta is not None


def test_a_turn_shortens_no_pause(wire: FakeGateway, broker: FakeBroker, use: Any) -> None:
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


@pytest.mark.parametrize("rate", [0.1, 2, 50], ids="{} a second".format)
@pytest.mark.parametrize("processes", [1, 12, 200])
def test_code__while_campaigns_take_every_turn__has_its_turn_at_once(use: Any, rate: float, processes: int) -> None:
    use(RATE_LIMIT=rate)
    account = conf.get_account("default")
    with travel(timezone.now(), tick=False) as clock:
        waits = []
        for _second in range(20):
            _campaigns_ask(account, processes)
            waits.append(submit_rate.reserve("default", account, "verification", 1))
            clock.shift(max(1, 1 / rate))
    assert all(turns.taken and turns.wait == pytest.approx(0, abs=0.01) for turns in waits)


def test_codes__more_than_the_rate__queue_among_themselves(use: Any) -> None:
    use(RATE_LIMIT=2)
    account = conf.get_account("default")
    with travel(timezone.now(), tick=False):
        _campaigns_ask(account, 12)
        turns = [submit_rate.reserve("default", account, "verification", 1) for _ in range(12)]
    # As far ahead as a worker waits; what comes later is postponed.
    assert [turn.wait for turn in turns if turn.taken] == pytest.approx([n / 2 for n in range(11)], abs=0.01)
    assert not turns[-1].taken


@pytest.mark.parametrize("rate", [0.1, 2, 50], ids="{} a second".format)
def test_notification__while_campaigns_take_every_turn__has_a_turn_it_can_wait_for(use: Any, rate: float) -> None:
    use(RATE_LIMIT=rate)
    account = conf.get_account("default")
    with travel(timezone.now(), tick=False) as clock:
        for _second in range(20):
            _campaigns_ask(account, 12)
            assert submit_rate.reserve("default", account, "notification", 1).taken
            clock.shift(max(1, 1 / rate))


def test_rate__of_codes_and_campaigns_together__is_kept_in_the_long_run(use: Any) -> None:
    use(RATE_LIMIT=10)
    account = conf.get_account("default")
    seconds, campaign, codes = 60, 0, 0
    with travel(timezone.now(), tick=False) as clock:
        for _tick in range(seconds * 10):
            campaign += _campaigns_ask(account, 3)
            if _tick % 5 == 0:  # two codes a second
                codes += submit_rate.reserve("default", account, "verification", 1).taken
            clock.shift(0.1)
    assert codes == 2 * seconds
    # What was reserved ahead when the time was over comes on top of it.
    assert 10 * seconds * 0.95 <= campaign + codes <= 10 * (seconds + 3.5)


@pytest.mark.parametrize("category", ["verification", "notification", "marketing"])
def test_turns__given_back__are_free_again(use: Any, category: str) -> None:
    use(RATE_LIMIT=10)
    account = conf.get_account("default")
    with travel(timezone.now(), tick=False):
        submit_rate.reserve("default", account, category, 4).release(3)
        assert submit_rate.reserve("default", account, category, 1).wait == pytest.approx(0.1, abs=0.01)


def test_turns__of_messages_that_another_task_has_claimed__are_given_back(
    wire: FakeGateway, broker: FakeBroker, use: Any
) -> None:
    use(RATE_LIMIT=40)
    pks = bulk(10)
    state = AccountState.objects.create(account="default")

    def claim_the_others(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if (
            sql.startswith("UPDATE")
            and "claimed_by" in sql
            and not Message.objects.filter(status="submitting").exists()
        ):
            Message.objects.filter(pk__in=pks[1:]).update(status="submitting", attempts=1)
        return execute(sql, params, many, context)

    before = timezone.now()
    with connection.execute_wrapper(claim_the_others):
        submit_batch(pks)
    assert len(wire.forms) == 1
    state.refresh_from_db()
    assert state.next_turn_at is not None
    # One turn was used, not ten.
    assert (state.next_turn_at - before).total_seconds() < 0.2


def test_turn__of_a_single_message_that_cannot_be_claimed__is_given_back(
    wire: FakeGateway, broker: FakeBroker, use: Any
) -> None:
    use(RATE_LIMIT=1)
    message = send_sms("13800138000", "您好")

    def cancel_first(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and "submitted_at" in sql:
            Message.objects.filter(status="queued").update(status="cancelled")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(cancel_first):
        submit_message(message.pk)
    assert wire.forms == []
    assert submit_rate.reserve("default", conf.get_account("default"), "marketing", 1).wait == pytest.approx(0, abs=0.1)


def test_chunk_of_codes__beside_a_campaign__is_not_held_up(wire: FakeGateway, broker: FakeBroker, use: Any) -> None:
    use(RATE_LIMIT=20)
    send_bulk([("13800138000", "验证码 123456")], category="verification")
    (codes,) = broker.take()
    AccountState.objects.create(account="default", next_turn_at=timezone.now() + timedelta(seconds=20))
    codes.run()
    assert statuses() == {"accepted": 1}


def _campaigns_ask(account: conf.AccountSettings, processes: int) -> int:
    """Have each process of a campaign take turns as long as it gets any. Returns how many turns were taken."""
    number, taken = submit_rate.max_concurrent(account, 16), 0
    for _ in range(processes):
        while submit_rate.reserve("default", account, "marketing", number).taken:
            taken += number
    return taken
