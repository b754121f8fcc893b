"""Claim, submit, settle: every kind of answer, and whoever comes second."""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from time_machine import travel

from django_ihuyi import maintenance, send_sms
from django_ihuyi.gateway.result_codes import CODES, Retry
from django_ihuyi.models import Message, Receipt
from django_ihuyi.signals import (
    account_paused,
    account_resumed,
    message_accepted,
    message_rejected,
    message_unknown,
)
from django_ihuyi.tasks import submit_message
from tests.fakes import Answer, FakeBroker, FakeGateway
from tests.log_records import events
from tests.signal_recorder import SignalRecorder
from tests.worker.helpers import run_submit

pytestmark = pytest.mark.django_db(transaction=True)


def test_accepted(wire: FakeGateway, broker: FakeBroker, heard: SignalRecorder) -> None:
    heard.listen(message_accepted)
    before = timezone.now()
    message = run_submit(send_sms("13800138000", "您好"))
    assert (message.status, message.code, message.msg, message.attempts) == ("accepted", 2, "提交成功", 1)
    assert message.smsid == wire.accepted[0]["smsid"]
    assert message.submitted_at is not None
    assert message.accepted_at is not None
    assert before <= message.submitted_at <= message.accepted_at
    assert message.claimed_until is None
    assert [event["message"].pk for event in heard[message_accepted]] == [message.pk]


def test_what_goes_over_the_wire(wire: FakeGateway, broker: FakeBroker, settings: Settings) -> None:
    run_submit(send_sms("13800138000", "您好"))
    (form,) = wire.forms
    account = settings.IHUYI["ACCOUNTS"]["default"]
    signed = f"{account['ACCOUNT']}{account['API_KEY']}13800138000您好{form['time']}"
    assert form == {
        "account": "cf_tests",
        "password": hashlib.md5(signed.encode()).hexdigest(),
        "time": form["time"],
        "mobile": "13800138000",
        "content": "您好",
        "format": "json",
    }


def test_template(wire: FakeGateway, broker: FakeBroker) -> None:
    run_submit(send_sms("13800138000", template=1, params=["1234"]))
    assert wire.forms[0]["templateid"] == "1"
    assert wire.forms[0]["content"] == "1234"


def test_accepted_without_an_smsid(wire: FakeGateway, broker: FakeBroker) -> None:
    wire.answer({"code": 2, "msg": "提交成功", "smsid": "0"}, {"code": "2", "msg": "提交成功"})
    for sent in (send_sms("13800138000", "您好"), send_sms("13800138000", "您好")):
        message = run_submit(sent)
        assert message.status == "accepted"
        assert message.smsid is None


FINAL = sorted(code.number for code in CODES.values() if code.retry is Retry.NEVER and code.number != 2)


@pytest.mark.parametrize("code", [*FINAL, 9999, 4999])
def test_a_refusal_of_the_message_is_final(
    wire: FakeGateway, broker: FakeBroker, heard: SignalRecorder, code: int
) -> None:
    heard.listen(message_rejected)
    message = send_sms("13800138000", "您好")
    broker.take()
    wire.answer(code)
    message = run_submit(message)
    assert (message.status, message.code, message.msg, message.smsid) == ("rejected", code, "不行", None)
    assert broker.take() == []
    assert len(heard[message_rejected]) == 1


AGAIN = [(0, 2, 8), (4080, 1, 2.1), (40501, 0, 0)]


@pytest.mark.parametrize(("code", "at_least", "at_most"), AGAIN)
def test_codes_that_say_again(
    wire: FakeGateway, broker: FakeBroker, code: int, at_least: float, at_most: float
) -> None:
    wire.answer(code)
    with travel(timezone.now(), tick=False):
        message = send_sms("13800138000", "您好")
        broker.take()
        message = run_submit(message)
        assert (message.status, message.code, message.retries, message.attempts) == ("queued", code, 1, 1)
        assert at_least <= (message.due_at - timezone.now()).total_seconds() <= at_most
    (published,) = broker.take()
    assert published.args == (message.pk,)
    with travel(message.due_at + timedelta(seconds=1), tick=False):
        assert run_submit(message).status == "accepted"
    assert len(wire.accepted) == 1


def test_surely_not_sent_goes_again_with_growing_pauses_then_waits_with_the_account(
    wire: FakeGateway, broker: FakeBroker, heard: SignalRecorder
) -> None:
    heard.listen(account_paused, account_resumed)
    message = send_sms("13800138000", "您好")
    wire.answer(*[requests.exceptions.ConnectTimeout() for _ in range(9)])
    waits = []
    with travel(timezone.now(), tick=False) as clock:
        for _ in range(8):
            clock.move_to(message.due_at)
            message = run_submit(message)
            waits.append((message.due_at - timezone.now()).total_seconds())
        assert (message.status, message.code, message.attempts) == ("queued", None, 8)
        assert "before the message was written" in message.error
        assert [event["code"] for event in heard[account_paused]] == [None]
        # Hours later it is still there, and the message that finds the gateway again is the probe.
        for _ in range(2):
            clock.shift(timedelta(hours=5))
            message = run_submit(message)
    for wait, base in zip(waits, [5, 15, 45, 135, 405, 900, 900], strict=False):
        assert base * 0.5 <= wait <= base * 1.5
    assert (message.status, message.attempts, len(wire.accepted)) == ("accepted", 10, 1)
    assert len(heard[account_resumed]) == 1


def test_a_gateway_that_cannot_be_reached_is_told_once_and_so_is_its_return(
    wire: FakeGateway, broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = send_sms("13800138000", "您好"), send_sms("13900139000", "您好")
    wire.answer(*[requests.exceptions.ConnectTimeout() for _ in range(2)])
    for message in (first, second):
        run_submit(message)
    told = [(record.levelname, record.message) for record in caplog.records if "gateway of account" in record.message]
    assert len(told) == 1
    assert told[0][0] == "WARNING"
    assert "'default' cannot be reached: " in told[0][1]
    caplog.clear()
    with travel(timezone.now() + timedelta(minutes=1), tick=False):
        for message in (first, second):
            assert run_submit(message).status == "accepted"
    assert events(caplog, logging.WARNING) == ["gateway.back"]


NO_ANSWER: list[tuple[str, Answer]] = [
    ("read time-out", requests.exceptions.ReadTimeout()),
    ("reset", requests.exceptions.ConnectionError()),
    ("502", (502, b"<html>Bad Gateway</html>")),
    ("404", (404, b"")),
    ("302", (302, b"")),
    ("rubbish", (200, b"\xff\xfe??")),
    ("half an answer", (200, b'{"code":2,"ms')),
    ("no code", (200, b"{}")),
]


@pytest.mark.parametrize("answer", [row[1] for row in NO_ANSWER], ids=[row[0] for row in NO_ANSWER])
def test_no_answer_is_unknown_and_never_sent_again(
    wire: FakeGateway, broker: FakeBroker, heard: SignalRecorder, answer: Answer
) -> None:
    heard.listen(message_unknown)
    message = send_sms("13800138000", "您好")
    broker.take()
    wire.answer(answer)
    message = run_submit(message)
    assert message.status == "unknown"
    assert message.error
    assert len(heard[message_unknown]) == 1
    assert broker.take() == []
    with travel(timezone.now() + timedelta(days=2), tick=False):
        maintenance.sweep()
        assert run_submit(message).status == "unknown"
    assert broker.take() == []
    assert len(wire.forms) == 1


def test_resend_unknown_prefers_twice_to_never(wire: FakeGateway, broker: FakeBroker, settings: Settings) -> None:
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "RESEND_UNKNOWN": True}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account}}
    message = send_sms("13800138000", "您好")
    wire.answer(requests.exceptions.ReadTimeout())
    message = run_submit(message)
    assert (message.status, message.retries) == ("queued", 1)
    with travel(message.due_at, tick=False):
        assert run_submit(message).status == "accepted"


def test_resending_ends_unknown_since_an_attempt_may_have_gone_out(
    wire: FakeGateway, broker: FakeBroker, settings: Settings
) -> None:
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "RESEND_UNKNOWN": True, "MAX_ATTEMPTS": 3}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account}}
    message = send_sms("13800138000", "您好")
    wire.answer(*[requests.exceptions.ReadTimeout() for _ in range(3)])
    for _ in range(3):
        with travel(message.due_at, tick=False):
            message = run_submit(message)
    assert (message.status, message.attempts) == ("unknown", 3)


def test_a_refusal_that_lasts_is_the_last_word_after_max_attempts(
    wire: FakeGateway, broker: FakeBroker, heard: SignalRecorder, settings: Settings
) -> None:
    heard.listen(message_rejected)
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "MAX_ATTEMPTS": 3}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account}}
    message = send_sms("13800138000", "您好")
    wire.answer(0, 0, 0)
    seen = []
    for _ in range(3):
        with travel(message.due_at, tick=False):
            message = run_submit(message)
        seen.append((message.status, message.code))
    assert seen == [("queued", 0), ("queued", 0), ("rejected", 0)]
    assert (message.attempts, len(heard[message_rejected])) == (3, 1)


def test_a_task_that_comes_twice_submits_once(wire: FakeGateway, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好")
    for _ in range(3):
        submit_message(message.pk)
    assert len(wire.forms) == 1


def test_who_read_the_row_before_another_claimed_it_gets_nothing(broker: FakeBroker) -> None:
    pk = send_sms("13800138000", "您好").pk
    now, lease = timezone.now(), timedelta(seconds=30)
    first, second = Message.objects.get(pk=pk), Message.objects.get(pk=pk)
    assert first.claim(now=now, lease=lease)
    assert not second.claim(now=now, lease=lease)
    assert first.requeue(due_at=now, publish_at=now)
    # The second still holds the row as it was before the first attempt.
    assert not second.claim(now=now, lease=lease)


def test_a_message_that_is_gone_is_no_error(wire: FakeGateway) -> None:
    submit_message(10**9)
    assert wire.forms == []


def test_not_before_it_is_due(wire: FakeGateway, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好", send_at=timezone.now() + timedelta(minutes=5))
    assert run_submit(message).status == "queued"
    with travel(message.due_at, tick=False):
        assert run_submit(message).status == "accepted"


def test_too_late_is_expired_and_not_sent(wire: FakeGateway, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好", expires_at=timezone.now() + timedelta(minutes=5))
    with travel(timezone.now() + timedelta(minutes=5), tick=False):
        assert run_submit(message).status == "expired"
    assert run_submit(message).status == "expired"
    assert wire.forms == []


def test_statements_of_one_submission(
    wire: FakeGateway, broker: FakeBroker, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    message = send_sms("13800138000", "您好")
    # Read, claim, settle.
    with django_assert_num_queries(3):
        submit_message(message.pk)


def test_a_late_answer_settles_what_upkeep_took_for_lost(wire: FakeGateway, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好")
    now = timezone.now()
    assert message.claim(now=now, lease=timedelta(seconds=1))
    assert Message.objects.get().mark_unknown(error="claim ran out")
    assert message.accept(code=2, msg="提交成功", smsid="15870246956696820530", now=now)
    assert Message.objects.get().status == "accepted"


def test_an_answer_of_an_older_attempt_changes_nothing(broker: FakeBroker) -> None:
    old = send_sms("13800138000", "您好")
    now, lease = timezone.now(), timedelta(seconds=30)
    assert old.claim(now=now, lease=lease)
    assert Message.objects.get().requeue(due_at=now, publish_at=now)
    assert Message.objects.get().claim(now=now, lease=lease)
    assert not old.reject(code=407, msg="")
    assert Message.objects.get().status == "submitting"


def test_a_receipt_that_came_before_the_answer(wire: FakeGateway, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好")

    def push(form: dict[str, str]) -> None:
        receipt = Receipt(mobile=form["mobile"], smsid=form["smsid"], code=2, msg="DELIVRD", report_time_text="x")
        Receipt.objects.receive(receipt, window=timedelta(hours=72))

    wire.when_taken = push
    message = run_submit(message)
    assert (message.status, message.smsid, message.receipt_msg) == ("delivered", "15870246956696820531", "DELIVRD")


def test_a_client_of_the_sites_own_that_fails_leaves_no_claim(settings: Settings, broker: FakeBroker) -> None:
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "CLIENT": "tests.worker.test_submission.BrokenClient"}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account}}
    message = send_sms("13800138000", "您好")
    with pytest.raises(LookupError):
        submit_message(message.pk)
    message.refresh_from_db()
    assert message.status == "unknown"


class BrokenClient:
    """A site's own client with a fault in it."""

    longest_call = 5.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def submit(self, *args: Any, **kwargs: Any) -> None:
        raise LookupError
