"""A chunk on its way: windows, rates, numbers that come twice, faults in the middle, and a gateway that is away."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
import requests
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from time_machine import travel

from django_ihuyi import maintenance, send_sms
from django_ihuyi.gateway import Client, NotSent, SubmitResult
from django_ihuyi.models import AccountState, Message, Receipt
from django_ihuyi.signals import account_paused, account_resumed, message_accepted, message_rejected, message_unknown
from django_ihuyi.tasks import submit_batch
from django_ihuyi.worker import batch_submission, submission
from tests.dispatchers import own_dispatcher
from tests.fakes import Answer, FakeBroker, FakeGateway, SubmittedCall
from tests.signal_recorder import SignalRecorder
from tests.worker.helpers import bulk, statuses

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_chunk_is_accepted(wire: FakeGateway, broker: FakeBroker, heard: SignalRecorder) -> None:
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


def test_statements_of_a_chunk(wire: FakeGateway, broker: FakeBroker) -> None:
    pks = bulk(64)
    with CaptureQueriesContext(connection) as queries:
        submit_batch(pks)
    done = [query["sql"].split()[0] for query in queries.captured_queries]
    # Which are queued, a page of them, and who else has their numbers; then claim and settle 8 to 32 at a time.
    assert done.count("SELECT") == 3
    assert 4 <= done.count("UPDATE") <= 16


def test_answers_of_every_kind_in_one_window(
    wire: FakeGateway, broker: FakeBroker, heard: SignalRecorder, use: Any
) -> None:
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


def test_a_chunk_that_comes_twice_submits_once(wire: FakeGateway, broker: FakeBroker) -> None:
    pks = bulk(20)
    for _ in range(2):
        submit_batch([*pks, 999_999])
    assert len(wire.forms) == 20


def test_some_of_a_window_are_somebody_elses(wire: FakeGateway, broker: FakeBroker) -> None:
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


def test_late_ones_expire_and_early_ones_wait(wire: FakeGateway, broker: FakeBroker) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    late = send_sms("13800138000", "您好", expires_at=soon)
    early = send_sms("13800138001", "您好", send_at=soon + timedelta(hours=1))
    with travel(soon + timedelta(seconds=1), tick=True):
        submit_batch([late.pk, early.pk])
    assert statuses() == {"expired": 1, "queued": 1}
    assert wire.forms == []


def test_no_more_than_two_windows_are_in_hand(wire: FakeGateway, broker: FakeBroker, use: Any) -> None:
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
    wire: FakeGateway, broker: FakeBroker, use: Any, concurrency: int
) -> None:
    use(CONCURRENCY=concurrency)
    pks = bulk(25)
    wire.when_taken = calls = OneAtATime()
    submit_batch(pks)
    assert calls.most == concurrency


def test_a_receipt_that_comes_first_meets_its_message(wire: FakeGateway, broker: FakeBroker) -> None:
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
    wire: FakeGateway, broker: FakeBroker, heard: SignalRecorder, use: Any
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
        assert maintenance.sweep()["probed"] == 1
        for probe in broker.take():
            probe.run()
        assert len(heard[account_resumed]) == 1
        (rest,) = broker.take()
        assert len(rest.pks) == 29
        rest.run()
    assert statuses() == {"accepted": 30}


@pytest.mark.parametrize(
    "answer",
    [requests.exceptions.ConnectTimeout(), SubmittedCall(requests.exceptions.ReadTimeout()), (502, b""), 0],
    ids=["no connection", "read time-out", "502", "code 0"],
)
def test_a_gateway_that_is_away_costs_few_messages(
    wire: FakeGateway, broker: FakeBroker, heard: SignalRecorder, use: Any, answer: Any
) -> None:
    heard.listen(account_paused)
    use(CONCURRENCY=4)
    pks = bulk(100)
    wire.answer(*[answer] * 100)
    submit_batch(pks)
    assert len(wire.forms) <= 16
    assert [event["code"] for event in heard[account_paused]] == [None]
    assert statuses()["queued"] >= 84


def test_a_word_now_and_then_is_no_silence(wire: FakeGateway, broker: FakeBroker, use: Any) -> None:
    use(CONCURRENCY=1)
    pks = bulk(30)
    bad: Answer = (502, b"")
    for _ in range(10):
        wire.answer(bad, bad, 2)
    submit_batch(pks)
    assert statuses() == {"unknown": 20, "accepted": 10}
    assert not AccountState.objects.filter(paused_since__isnull=False).exists()


def test_a_silent_account_is_probed_by_its_balance_where_nothing_waits(wire: FakeGateway, broker: FakeBroker) -> None:
    now = timezone.now()
    AccountState.objects.pause("default", code=None, msg="", clock_offset=None, now=now)
    wire.answer({"code": 2, "msg": "", "num": "0"})
    with travel(now + timedelta(minutes=1), tick=False):
        assert maintenance.sweep()["probed"] == 1
    assert not AccountState.objects.is_paused("default")


class Broken(Client):
    """A site's own client, with a fault."""

    def submit(self, mobile: str, content: str, template: int | str | None = None) -> SubmitResult:
        raise ZeroDivisionError


def test_a_fault_of_a_sites_own_client_ends_the_chunk(wire: FakeGateway, broker: FakeBroker, use: Any) -> None:
    use(CONCURRENCY=2, CLIENT=f"{__name__}.Broken")
    pks = bulk(30)
    with pytest.raises(ZeroDivisionError):
        submit_batch(pks)
    found = statuses()
    assert found["unknown"] <= 4
    assert found["queued"] == 30 - found["unknown"]


def test_a_worker_gives_back_what_is_left_when_its_time_is_over(
    wire: FakeGateway, broker: FakeBroker, use: Any
) -> None:
    use(CONCURRENCY=2)
    pks = bulk(30)
    broker.take()
    wire.when_taken = lambda form: time.sleep(0.1)
    # On a busy machine the first call comes late.
    with own_dispatcher(broker_timeout=30, chunk_time=timedelta(seconds=0.5)):
        submit_batch(pks)
    found = statuses()
    assert found["accepted"] >= 2
    assert found["queued"] >= 10
    (rest,) = broker.take()
    assert len(rest.pks) == found["queued"]
    wire.when_taken = lambda form: None
    assert maintenance.sweep()["published"] == 0
    rest.run()
    assert statuses() == {"accepted": 30}


def test_answers_in_hand_are_settled_when_the_database_fails_at_a_claim(
    wire: FakeGateway, broker: FakeBroker, use: Any
) -> None:
    use(CONCURRENCY=4)
    pks = bulk(40)
    claims: list[int] = []

    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and "claimed_by" in sql:
            claims.append(1)
            if len(claims) == 3:
                raise OperationalError("deadlock")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail), pytest.raises(OperationalError):
        submit_batch(pks)
    assert statuses() == {"accepted": len(wire.forms), "queued": 40 - len(wire.forms)}
    assert 0 < len(wire.forms) <= 16


@pytest.mark.parametrize("together", [False, True], ids=["one", "chunk"])
def test_a_workers_clock_that_is_behind_costs_its_difference(
    wire: FakeGateway, broker: FakeBroker, together: bool
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


class Verbose(Client):
    """A site's own client, whose answers do not fit the record."""

    def submit(self, mobile: str, content: str, template: int | str | None = None) -> SubmitResult:
        if mobile.endswith("1"):
            raise NotSent("x" * 300)
        return SubmitResult(2, "y" * 300, "0")


def test_answers_of_a_sites_own_client_are_made_to_fit(wire: FakeGateway, broker: FakeBroker, use: Any) -> None:
    use(CLIENT=f"{__name__}.Verbose")
    submit_batch(bulk(3))
    rows = set(Message.objects.values_list("mobile", "status", "msg", "error", "smsid"))
    assert rows == {
        ("13900000000", "accepted", "y" * 255, "", None),
        ("13900000001", "queued", "", "x" * 255, None),
        ("13900000002", "accepted", "y" * 255, "", None),
    }


@pytest.mark.parametrize("lost", [False, True], ids=["before an answer is taken", "with an answer in hand"])
def test_a_time_limit_of_celerys_loses_no_answer_and_hangs_nothing(
    wire: FakeGateway, broker: FakeBroker, use: Any, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    use(CONCURRENCY=4)
    if lost:  # nobody waits for it longer than its claim holds
        monkeypatch.setattr(submission, "lease_for", lambda _client, calls: timedelta(seconds=calls))
    pks = bulk(20)
    take, taken = batch_submission.BatchRun._record_outcome, []

    def interrupted(chunk: Any, timeout: float) -> None:
        taken.append(timeout)
        if len(taken) == 3:
            if lost:
                chunk.results.get(timeout=5)
            raise SoftTimeLimitExceeded
        take(chunk, timeout)

    monkeypatch.setattr(batch_submission.BatchRun, "_record_outcome", interrupted)
    with pytest.raises(SoftTimeLimitExceeded):
        submit_batch(pks)
    accepted = len(wire.accepted)
    assert 3 <= accepted < 20
    assert statuses() == {"accepted": accepted - lost, "queued": 20 - accepted, **({"submitting": 1} if lost else {})}
