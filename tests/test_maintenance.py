"""The sweep: what died is mended, once, whoever sweeps beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import ANY

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi import maintenance, send_sms
from django_ihuyi.api.models import ApiCall
from django_ihuyi.dispatch import use_dispatcher
from django_ihuyi.models import AccountState, Message, Receipt
from django_ihuyi.signals import account_resumed, message_unknown
from django_ihuyi.tasks import submit_message, sweep
from tests.dispatchers import AwayDispatcher
from tests.fakes import FakeBroker, FakeGateway
from tests.signal_recorder import SignalRecorder

pytestmark = pytest.mark.django_db(transaction=True)


def changes(**counts: int) -> dict[str, int]:
    steps = ("expired", "unknown", "published", "probed", "matched", "suspected", "forgotten", "webhooks")
    # Whatever a sweep does can change the figures: tests/dashboard.
    return {**dict.fromkeys(steps, 0), "counted": ANY, **counts}


def make(**fields: Any) -> Message:
    return Message.objects.create(**{"mobile": "13800138000", "content": "您好", **fields})


def test_nothing_to_do(broker: FakeBroker) -> None:
    send_sms("13800138000", "您好")
    broker.take()
    assert sweep() == changes()
    # But for the question whether somebody serves the queue.
    assert [task.task for task in broker.take()] == ["django_ihuyi.tasks.heartbeat"]


def test_a_lost_task_is_published_again_with_growing_pauses(broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好")
    broker.take()
    start, published_after = timezone.now(), []
    with time_machine.travel(start, tick=False) as clock:
        for minute in range(130):
            clock.move_to(start + timedelta(minutes=minute, seconds=1))
            if maintenance.sweep()["published"]:
                published_after.append(minute)
                assert broker.take_pks() == [message.pk]
    # An hour of a queue that does not move costs six doubles, not 360.
    assert published_after == [1, 3, 7, 15, 31, 63, 123]


def test_two_sweeps_publish_once(broker: FakeBroker) -> None:
    message = make(publish_at=timezone.now())
    stale = Message.objects.get()
    assert maintenance.sweep()["published"] == 1
    assert not stale.reserve_enqueue(publish_at=timezone.now())
    assert broker.take_pks() == [message.pk]


def test_a_message_for_later_goes_out_when_due(wire: FakeGateway, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好", send_at=timezone.now() + timedelta(hours=1))
    assert maintenance.sweep() == changes()
    with time_machine.travel(message.due_at, tick=False):
        assert maintenance.sweep() == changes(published=1)
        for pk in broker.take_pks():
            submit_message(pk)
    message.refresh_from_db()
    assert message.status == "accepted"


def test_a_claim_that_ran_out_is_unknown(wire: FakeGateway, broker: FakeBroker, heard: SignalRecorder) -> None:
    heard.listen(message_unknown)
    message = send_sms("13800138000", "您好")
    assert message.claim(now=timezone.now(), lease=timedelta(seconds=60))
    assert maintenance.sweep() == changes()
    with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=False):
        assert maintenance.sweep() == changes(unknown=1)
        assert maintenance.sweep() == changes()
    message.refresh_from_db()
    assert message.status == "unknown"
    assert "never came back" in message.error
    assert len(heard[message_unknown]) == 1


def test_a_claim_that_ran_out_goes_again_where_the_site_prefers_twice(
    settings: Settings, wire: FakeGateway, broker: FakeBroker
) -> None:
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "RESEND_UNKNOWN": True}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account}}
    message = send_sms("13800138000", "您好")
    assert message.claim(now=timezone.now(), lease=timedelta(seconds=60))
    with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=False):
        assert maintenance.sweep()["unknown"] == 1
    message.refresh_from_db()
    assert message.status == "queued"


def test_too_late_is_expired(broker: FakeBroker) -> None:
    now = timezone.now()
    late = make(expires_at=now - timedelta(seconds=1), publish_at=now + timedelta(hours=1))
    sent = make(expires_at=now - timedelta(seconds=1), status="accepted")
    assert maintenance.sweep() == changes(expired=1)
    late.refresh_from_db()
    sent.refresh_from_db()
    assert (late.status, sent.status) == ("expired", "accepted")


def test_kept_receipts_are_matched(broker: FakeBroker) -> None:
    receipt = Receipt(mobile="13800138000", smsid="15870246956696820530", code=2, report_time_text="?")
    Receipt.objects.receive(receipt, window=timedelta(hours=72))
    assert maintenance.sweep() == changes()
    # A worker died between writing the smsid and looking for receipts.
    message = make(status="accepted", smsid="15870246956696820530", submitted_at=timezone.now())
    with time_machine.travel(timezone.now() + timedelta(seconds=15), tick=False):
        assert maintenance.sweep() == changes(matched=1)
        assert maintenance.sweep() == changes()
    message.refresh_from_db()
    assert message.status == "delivered"


def test_old_keys_of_the_apis_callers_are_forgotten(broker: FakeBroker) -> None:
    ApiCall.objects.create(key="1", fingerprint="x", created_at=timezone.now() - timedelta(days=8))
    assert maintenance.sweep() == changes(forgotten=1)


def test_batches_are_bounded(broker: FakeBroker) -> None:
    now = timezone.now()
    Message.objects.bulk_create(Message(mobile="13800138000", content="您好", publish_at=now) for _ in range(7))
    assert maintenance.enqueue_due(timezone.now(), 3) == (3, True)
    assert maintenance.sweep(batch=3)["published"] == 4
    assert [len(task.pks) for task in broker.take()] == [3, 3, 1]


def test_a_step_with_a_mountain_of_work_leaves_the_others_their_turn(broker: FakeBroker) -> None:
    now = timezone.now()
    for _ in range(7):
        make(expires_at=now, publish_at=now + timedelta(hours=1))
    make(publish_at=now)
    assert maintenance.sweep(batch=3, budget=0.0) == changes(expired=3, published=1)


def test_what_a_refusing_broker_left_is_published_when_it_is_back(broker: FakeBroker) -> None:
    now = timezone.now()
    codes = [make(category="verification", publish_at=now).pk for _ in range(4)]
    with use_dispatcher(AwayDispatcher()):
        for _ in range(3):
            assert maintenance.enqueue_due(timezone.now()) == (0, False)
    assert not Message.objects.filter(publish_at__gt=timezone.now()).exists()
    assert maintenance.enqueue_due(timezone.now()) == (4, False)
    assert broker.take_pks() == codes


def test_receipts_of_another_programs_messages_are_looked_at_ever_more_rarely() -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        receipt = Receipt(mobile="13800138000", smsid="111", code=2, report_time_text="?")
        Receipt.objects.receive(receipt, window=timedelta(hours=72))
        looks = []
        while (match_at := Receipt.objects.get().match_at) is not None:
            clock.move_to(match_at)
            looks.append((match_at - start).total_seconds())
            maintenance.sweep()
    assert looks[:4] == [15, 30, 60, 120]
    assert len(looks) == 16
    assert looks[-1] >= 72 * 3600 > looks[-2]


def test_one_steps_fault_does_not_stop_the_others(broker: FakeBroker, settings: Settings) -> None:
    late = make(expires_at=timezone.now() - timedelta(seconds=1), publish_at=timezone.now() + timedelta(hours=1))
    make(publish_at=timezone.now())
    settings.IHUYI = {**settings.IHUYI, "QUEUES": "nonsense"}
    with pytest.raises(ImproperlyConfigured, match="QUEUES"):
        maintenance.sweep()
    late.refresh_from_db()
    assert late.status == "expired"


def test_a_claim_of_an_account_that_is_gone(broker: FakeBroker) -> None:
    message = make(account="gone", status="submitting", claimed_until=timezone.now() - timedelta(seconds=1))
    assert maintenance.sweep()["unknown"] == 1
    message.refresh_from_db()
    assert message.status == "unknown"


def test_a_pause_of_an_account_that_is_gone(broker: FakeBroker) -> None:
    now = timezone.now()
    AccountState.objects.create(account="gone", paused_since=now, code=405, probe_at=now)
    assert maintenance.sweep() == changes()


# Paused accounts


def paused(code: int) -> AccountState:
    AccountState.objects.pause("default", code=code, msg="", clock_offset=None, now=timezone.now())
    return AccountState.objects.get()


def test_a_paused_accounts_messages_are_left_alone_but_for_a_probe(broker: FakeBroker, wire: FakeGateway) -> None:
    messages = [make(publish_at=timezone.now()) for _ in range(3)]
    other = make(publish_at=timezone.now(), account="shop")
    state = paused(4052)
    assert maintenance.sweep() == changes(published=1)
    assert broker.take_pks() == [other.pk]
    assert state.probe_at is not None
    with time_machine.travel(state.probe_at, tick=False):
        assert maintenance.sweep() == changes(probed=1)
        assert broker.take_pks() == [messages[0].pk]
        submit_message(messages[0].pk)
        # What waited goes at once, and not with the next sweep.
        assert broker.take_pks() == [messages[1].pk, messages[2].pk]
        assert maintenance.sweep()["published"] == 0


@pytest.mark.parametrize(
    ("code", "answer", "resumed", "asked"),
    [
        (4051, {"code": 2, "msg": "", "num": 100}, True, 1),
        (4051, {"code": 2, "msg": "", "num": 0}, False, 1),
        (405, {"code": 2, "msg": "", "num": 100}, True, 1),
        (405, {"code": 405, "msg": ""}, False, 1),
        (4052, {"code": 2, "msg": "", "num": 100}, False, 0),
    ],
    ids=["recharged", "still empty", "key mended", "key still wrong", "only a message tells"],
)
def test_without_waiting_messages_the_balance_tells(
    wire: FakeGateway,
    broker: FakeBroker,
    heard: SignalRecorder,
    code: int,
    answer: dict[str, Any],
    resumed: bool,
    asked: int,
) -> None:
    heard.listen(account_resumed)
    state = paused(code)
    wire.answer(answer)
    assert state.probe_at is not None
    with time_machine.travel(state.probe_at, tick=False):
        assert maintenance.sweep() == changes(probed=int(resumed))
        maintenance.sweep()
    assert len(wire.forms) == asked
    assert len(heard[account_resumed]) == int(resumed)
    state.refresh_from_db()
    assert (state.paused_since is None) == resumed
