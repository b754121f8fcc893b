"""A chunk on its way: windows, rates, numbers that come twice, faults in the middle, and a gateway that is away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import requests
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from time_machine import travel

from django_ihuyi import conf, send_bulk, send_sms, upkeep
from django_ihuyi.gateway import Client, NotSent, SubmitResult
from django_ihuyi.models import AccountState, Message, Receipt
from django_ihuyi.outbound import batches, rates
from django_ihuyi.signals import account_paused, account_resumed, message_accepted, message_rejected, message_unknown
from django_ihuyi.tasks import submit_batch, submit_message
from tests.heard import Heard
from tests.wire import Answer, FakeBroker, FakeWire, Taken

pytestmark = pytest.mark.django_db(transaction=True)


def bulk(count: int, **arguments: Any) -> list[int]:
    """Record a bulk; the primary keys of its messages."""
    send_bulk(((f"139{number:08}", "您好") for number in range(count)), **arguments)
    return list(Message.objects.order_by("pk").values_list("pk", flat=True))


def statuses() -> dict[str, int]:
    found: dict[str, int] = {}
    for status in Message.objects.values_list("status", flat=True):
        found[status] = found.get(status, 0) + 1
    return found


@pytest.fixture
def use(settings: Settings) -> Callable[..., None]:
    """Set options of the account."""

    def change(**options: Any) -> None:
        account = {**settings.IHUYI["ACCOUNTS"]["default"], **options}
        settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account}}

    return change


def test_a_chunk_is_accepted(wire: FakeWire, broker: FakeBroker, heard: Heard) -> None:
    heard.listen(message_accepted)
    pks = bulk(50)
    before = timezone.now()
    submit_batch(pks)
    smsids = {taken["mobile"]: taken["smsid"] for taken in wire.accepted}
    for message in Message.objects.all():
        assert (message.status, message.code, message.msg, message.attempts) == ("accepted", 2, "提交成功", 1)
        assert message.smsid == smsids[message.mobile]
        assert message.accepted_at is not None
        assert before <= message.accepted_at
        assert message.claimed_until is None
    assert sorted(event["message"].pk for event in heard[message_accepted]) == pks
    assert all(event["message"].status == "accepted" and event["message"].smsid for event in heard[message_accepted])
    assert len(wire.forms) == 50


def test_statements_of_a_chunk(wire: FakeWire, broker: FakeBroker) -> None:
    pks = bulk(64)
    with CaptureQueriesContext(connection) as queries:
        submit_batch(pks)
    done = [query["sql"].split()[0] for query in queries.captured_queries]
    # Which are queued, a page of them, and who else has their numbers; then claim and settle windows of sixteen.
    assert done.count("SELECT") == 3
    assert 8 <= done.count("UPDATE") <= 16


def test_answers_of_every_kind_in_one_window(wire: FakeWire, broker: FakeBroker, heard: Heard, use: Any) -> None:
    heard.listen(message_rejected, message_unknown)
    use(CONCURRENCY=1)  # answers in the order of the messages
    pks = bulk(7)
    broker.take()
    wire.answer(2, 4030, 4080, requests.exceptions.ReadTimeout(), requests.exceptions.ConnectTimeout(), 9999, 2)
    submit_batch(pks)
    assert list(Message.objects.order_by("pk").values_list("status", flat=True)) == [
        "accepted", "rejected", "queued", "unknown", "queued", "rejected", "accepted"
    ]  # fmt: skip
    assert len(heard[message_rejected]) == 2
    assert len(heard[message_unknown]) == 1
    # What may go again has a task of its own, by and by.
    assert sorted(task.pks[0] for task in broker.take()) == [pks[2], pks[4]]


def test_a_chunk_that_comes_twice_submits_once(wire: FakeWire, broker: FakeBroker) -> None:
    pks = bulk(20)
    for _ in range(2):
        submit_batch([*pks, 999_999])
    assert len(wire.forms) == 20


def test_some_of_a_window_are_somebody_elses(wire: FakeWire, broker: FakeBroker) -> None:
    pks = bulk(20)

    def take_some(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if sql.startswith("SELECT") and "content" in sql:  # the chunk is read, and nothing is claimed yet
            Message.objects.filter(pk__in=pks[:5]).update(status="cancelled")
        return result

    with connection.execute_wrapper(take_some):
        submit_batch(pks)
    assert statuses() == {"cancelled": 5, "accepted": 15}
    assert len(wire.forms) == 15


def test_late_ones_expire_and_early_ones_wait(wire: FakeWire, broker: FakeBroker) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    late = send_sms("13800138000", "您好", expires_at=soon)
    early = send_sms("13800138001", "您好", send_at=soon + timedelta(hours=1))
    with travel(soon + timedelta(seconds=1), tick=True):
        submit_batch([late.pk, early.pk])
    assert statuses() == {"expired": 1, "queued": 1}
    assert wire.forms == []


def test_no_more_than_two_windows_are_in_hand(wire: FakeWire, broker: FakeBroker, use: Any) -> None:
    use(CONCURRENCY=4)
    pks = bulk(40)
    in_hand: list[int] = []

    def count(form: dict[str, str]) -> None:
        in_hand.append(Message.objects.filter(status="submitting").count())
        connection.close()

    wire.when_taken = count
    submit_batch(pks)
    assert 4 <= max(in_hand) <= 8
    assert statuses() == {"accepted": 40}


class OneAtATime:
    """Notes which threads make calls, and how many at once."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.lock = threading.Lock()

    def __call__(self, form: dict[str, str]) -> None:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)
        with self.lock:
            self.now -= 1


@pytest.mark.parametrize("concurrency", [1, 5])
def test_as_many_calls_at_once_as_the_account_allows(
    wire: FakeWire, broker: FakeBroker, use: Any, concurrency: int
) -> None:
    use(CONCURRENCY=concurrency)
    pks = bulk(25)
    wire.when_taken = calls = OneAtATime()
    submit_batch(pks)
    assert calls.most == concurrency


def test_a_receipt_that_comes_first_meets_its_message(wire: FakeWire, broker: FakeBroker) -> None:
    pks = bulk(20)
    window = timedelta(hours=72)

    def push(form: dict[str, str]) -> None:
        if form["mobile"].endswith("7"):
            receipt = Receipt(mobile=form["mobile"], smsid=form["smsid"], code=2, report_time_text="now")
            Receipt.objects.receive(receipt, window=window)
            connection.close()

    wire.when_taken = push
    submit_batch(pks)
    assert statuses() == {"accepted": 18, "delivered": 2}


def test_an_account_at_fault_pauses_and_the_rest_waits(
    wire: FakeWire, broker: FakeBroker, heard: Heard, use: Any
) -> None:
    heard.listen(account_paused, account_resumed)
    use(CONCURRENCY=2)
    pks = bulk(30)
    broker.take()
    wire.answer(*[4051] * 4)
    submit_batch(pks)
    assert statuses() == {"queued": 30}
    assert len(wire.forms) <= 4
    assert [event["code"] for event in heard[account_paused]] == [4051]
    assert broker.take() == []
    wire.forget_answers()
    with travel(timezone.now() + timedelta(minutes=3), tick=True):
        assert upkeep.sweep()["probed"] == 1
        for task in broker.take():
            task.run()
        assert len(heard[account_resumed]) == 1
        assert upkeep.sweep()["published"] == 29
        (rest,) = broker.take()
        rest.run()
    assert statuses() == {"accepted": 30}


@pytest.mark.parametrize(
    "answer",
    [requests.exceptions.ConnectTimeout(), Taken(requests.exceptions.ReadTimeout()), (502, b""), 0],
    ids=["no connection", "read time-out", "502", "code 0"],
)
def test_a_gateway_that_is_away_costs_few_messages(
    wire: FakeWire, broker: FakeBroker, heard: Heard, use: Any, answer: Any
) -> None:
    heard.listen(account_paused)
    use(CONCURRENCY=4)
    pks = bulk(100)
    wire.answer(*[answer] * 100)
    submit_batch(pks)
    assert len(wire.forms) <= 16
    assert [event["code"] for event in heard[account_paused]] == [None]
    assert statuses()["queued"] >= 84


def test_a_word_now_and_then_is_no_silence(wire: FakeWire, broker: FakeBroker, use: Any) -> None:
    use(CONCURRENCY=1)
    pks = bulk(30)
    bad: Answer = (502, b"")
    for _ in range(10):
        wire.answer(bad, bad, 2)
    submit_batch(pks)
    assert statuses() == {"unknown": 20, "accepted": 10}
    assert not AccountState.objects.filter(paused_since__isnull=False).exists()


def test_a_silent_account_is_probed_by_its_balance_where_nothing_waits(wire: FakeWire, broker: FakeBroker) -> None:
    now = timezone.now()
    AccountState.objects.pause("default", code=None, msg="", clock_offset=None, now=now)
    wire.answer({"code": 2, "msg": "", "num": "0"})
    with travel(now + timedelta(minutes=1), tick=False):
        assert upkeep.sweep()["probed"] == 1
    assert not AccountState.objects.is_paused("default")


class Broken(Client):
    """A site's own client, with a fault."""

    def submit(self, mobile: str, content: str, template: int | str | None = None) -> SubmitResult:
        raise ZeroDivisionError


def test_a_fault_of_a_sites_own_client_ends_the_chunk(wire: FakeWire, broker: FakeBroker, use: Any) -> None:
    use(CONCURRENCY=2, CLIENT=f"{__name__}.Broken")
    pks = bulk(30)
    with pytest.raises(ZeroDivisionError):
        submit_batch(pks)
    found = statuses()
    assert found["unknown"] <= 4
    assert found["queued"] == 30 - found["unknown"]


def test_a_worker_gives_back_what_is_left_when_its_time_is_over(
    wire: FakeWire, broker: FakeBroker, use: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(CONCURRENCY=2)
    monkeypatch.setattr(batches, "SLICE", 0.05)
    pks = bulk(30)
    broker.take()
    wire.when_taken = lambda form: time.sleep(0.03)
    submit_batch(pks)
    found = statuses()
    assert found["accepted"] >= 2
    assert found["queued"] >= 10
    (rest,) = broker.take()
    assert len(rest.pks) == found["queued"]
    assert upkeep.sweep()["published"] == 0
    monkeypatch.setattr(batches, "SLICE", 60.0)
    rest.run()
    assert statuses() == {"accepted": 30}


@pytest.fixture
def same_number(broker: FakeBroker) -> list[int]:
    send_bulk([("13800138000", f"{n}") for n in range(4)])
    return broker.take_pks()


def test_one_number_gets_one_message_a_second(wire: FakeWire, broker: FakeBroker, same_number: list[int]) -> None:
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


def test_a_long_row_of_messages_to_one_number_ends(wire: FakeWire, broker: FakeBroker, use: Any) -> None:
    use(CONCURRENCY=2)
    send_bulk([("13800138000", f"{n}") for n in range(batches._PAGE + 20)])
    (task,) = broker.take()
    task.run()
    assert len(wire.accepted) == 1
    (rest,) = broker.take()
    assert len(rest.pks) == batches._PAGE + 19


def test_a_number_that_another_worker_has_just_used_waits(wire: FakeWire, broker: FakeBroker) -> None:
    other = send_sms("13800138000", "好")
    pks = [send_sms("13800138000", "您好").pk, send_sms("13900139000", "您好").pk]
    broker.take()
    submit_message(other.pk)
    submit_batch(pks)
    assert Message.objects.get(pk=pks[0]).status == "queued"
    assert Message.objects.get(pk=pks[1]).status == "accepted"
    assert broker.take_pks() == [pks[0]]


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


def test_answers_in_hand_are_settled_when_the_database_fails_at_a_claim(
    wire: FakeWire, broker: FakeBroker, use: Any
) -> None:
    use(CONCURRENCY=4)
    pks = bulk(40)
    claims: list[int] = []

    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and "claimed_by" in sql:
            claims.append(1)
            if len(claims) == 5:
                raise OperationalError("deadlock")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail), pytest.raises(OperationalError):
        submit_batch(pks)
    assert statuses() == {"accepted": len(wire.forms), "queued": 40 - len(wire.forms)}
    assert 0 < len(wire.forms) <= 8


@pytest.mark.parametrize("together", [False, True], ids=["one", "chunk"])
def test_a_workers_clock_that_is_behind_costs_its_difference(
    wire: FakeWire, broker: FakeBroker, together: bool
) -> None:
    with travel(timezone.now(), tick=False) as clock:
        pks = bulk(3) if together else [send_sms("13800138000", "您好").pk]
        (task,) = broker.take()
        clock.shift(-0.3)
        task.run()
        (again,) = broker.take()
        assert sorted(again.pks) == pks
        assert again.eta is not None
        clock.shift(0.3)
        again.run()
    assert statuses() == {"accepted": len(pks)}


def test_messages_to_one_number_do_not_use_up_each_others_attempts(
    wire: FakeWire, broker: FakeBroker, use: Any
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


class Verbose(Client):
    """A site's own client, whose answers do not fit the record."""

    def submit(self, mobile: str, content: str, template: int | str | None = None) -> SubmitResult:
        if mobile.endswith("1"):
            raise NotSent("x" * 300)
        return SubmitResult(2, "y" * 300, "0")


def test_answers_of_a_sites_own_client_are_made_to_fit(wire: FakeWire, broker: FakeBroker, use: Any) -> None:
    use(CLIENT=f"{__name__}.Verbose")
    submit_batch(bulk(3))
    rows = set(Message.objects.values_list("mobile", "status", "msg", "error", "smsid"))
    assert rows == {
        ("13900000000", "accepted", "y" * 255, "", None),
        ("13900000001", "queued", "", "x" * 255, None),
        ("13900000002", "accepted", "y" * 255, "", None),
    }
