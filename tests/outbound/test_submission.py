"""Claim, submit, settle: every kind of answer, and whoever comes second."""

from __future__ import annotations

import hashlib
import logging
import time
from datetime import UTC, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from time_machine import TimeMachineFixture, travel

from django_ihuyi import send_sms, upkeep
from django_ihuyi.gateway.codes import CODES, Again
from django_ihuyi.models import AccountState, Message, Receipt
from django_ihuyi.signals import (
    account_paused,
    account_resumed,
    message_accepted,
    message_rejected,
    message_unknown,
)
from django_ihuyi.tasks import submit_message
from tests.heard import Heard
from tests.wire import Answer, FakeBroker, FakeWire

pytestmark = pytest.mark.django_db(transaction=True)


def submitted(message: Message) -> Message:
    submit_message(message.pk)
    return Message.objects.get(pk=message.pk)


def test_accepted(wire: FakeWire, broker: FakeBroker, heard: Heard) -> None:
    heard.listen(message_accepted)
    before = timezone.now()
    message = submitted(send_sms("13800138000", "您好"))
    assert (message.status, message.code, message.msg, message.attempts) == ("accepted", 2, "提交成功", 1)
    assert message.smsid == wire.accepted[0]["smsid"]
    assert message.submitted_at is not None
    assert message.accepted_at is not None
    assert before <= message.submitted_at <= message.accepted_at
    assert message.claimed_until is None
    assert [event["message"].pk for event in heard[message_accepted]] == [message.pk]


def test_what_goes_over_the_wire(wire: FakeWire, broker: FakeBroker, settings: Settings) -> None:
    submitted(send_sms("13800138000", "您好"))
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


def test_template(wire: FakeWire, broker: FakeBroker) -> None:
    submitted(send_sms("13800138000", template=1, params=["1234"]))
    assert wire.forms[0]["templateid"] == "1"
    assert wire.forms[0]["content"] == "1234"


def test_accepted_without_an_smsid(wire: FakeWire, broker: FakeBroker) -> None:
    wire.answer({"code": 2, "msg": "提交成功", "smsid": "0"}, {"code": "2", "msg": "提交成功"})
    for sent in (send_sms("13800138000", "您好"), send_sms("13800138000", "您好")):
        message = submitted(sent)
        assert message.status == "accepted"
        assert message.smsid is None


FINAL = sorted(code.number for code in CODES.values() if code.again is Again.NEVER and code.number != 2)


@pytest.mark.parametrize("code", [*FINAL, 9999, 4086])
def test_a_refusal_of_the_message_is_final(wire: FakeWire, broker: FakeBroker, heard: Heard, code: int) -> None:
    heard.listen(message_rejected)
    message = send_sms("13800138000", "您好")
    broker.take()
    wire.answer(code)
    message = submitted(message)
    assert (message.status, message.code, message.msg, message.smsid) == ("rejected", code, "不行", None)
    assert broker.take() == []
    assert len(heard[message_rejected]) == 1


AGAIN = [(0, 2, 8), (4080, 1, 2.1), (40501, -1, 0.1)]


@pytest.mark.parametrize(("code", "at_least", "at_most"), AGAIN)
def test_codes_that_say_again(wire: FakeWire, broker: FakeBroker, code: int, at_least: float, at_most: float) -> None:
    message = send_sms("13800138000", "您好")
    broker.take()
    wire.answer(code)
    before = timezone.now()
    message = submitted(message)
    assert (message.status, message.code, message.retries, message.attempts) == ("queued", code, 1, 1)
    assert at_least <= (message.due_at - before).total_seconds() <= at_most
    (published,) = broker.take()
    assert published.args == (message.pk,)
    with travel(message.due_at + timedelta(seconds=1), tick=False):
        assert submitted(message).status == "accepted"
    assert len(wire.accepted) == 1


def test_surely_not_sent_goes_again_with_growing_pauses_and_ends(wire: FakeWire, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好")
    wire.answer(*[requests.exceptions.ConnectTimeout() for _ in range(20)])
    waits = []
    with travel(timezone.now(), tick=False) as clock:
        while message.status == "queued":
            clock.move_to(message.due_at)
            message = submitted(message)
            waits.append((message.due_at - timezone.now()).total_seconds())
    assert (message.status, message.code, message.attempts) == ("rejected", None, 8)
    assert "before the message was written" in message.error
    for wait, base in zip(waits, [5, 15, 45, 135, 405, 900, 900], strict=False):
        assert base * 0.5 <= wait <= base * 1.5
    assert wire.accepted == []


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
    wire: FakeWire, broker: FakeBroker, heard: Heard, answer: Answer
) -> None:
    heard.listen(message_unknown)
    message = send_sms("13800138000", "您好")
    broker.take()
    wire.answer(answer)
    message = submitted(message)
    assert message.status == "unknown"
    assert message.error
    assert len(heard[message_unknown]) == 1
    assert broker.take() == []
    with travel(timezone.now() + timedelta(days=2), tick=False):
        upkeep.sweep()
        assert submitted(message).status == "unknown"
    assert broker.take() == []
    assert len(wire.forms) == 1


def test_resend_unknown_prefers_twice_to_never(wire: FakeWire, broker: FakeBroker, settings: Settings) -> None:
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "RESEND_UNKNOWN": True}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account}}
    message = send_sms("13800138000", "您好")
    wire.answer(requests.exceptions.ReadTimeout())
    message = submitted(message)
    assert (message.status, message.retries) == ("queued", 1)
    with travel(message.due_at, tick=False):
        assert submitted(message).status == "accepted"


def test_resending_ends_unknown_since_an_attempt_may_have_gone_out(
    wire: FakeWire, broker: FakeBroker, settings: Settings
) -> None:
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "RESEND_UNKNOWN": True, "MAX_ATTEMPTS": 3}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account}}
    message = send_sms("13800138000", "您好")
    wire.answer(
        requests.exceptions.ReadTimeout(), requests.exceptions.ConnectTimeout(), requests.exceptions.ConnectTimeout()
    )
    for _ in range(3):
        with travel(message.due_at, tick=False):
            message = submitted(message)
    assert (message.status, message.attempts) == ("unknown", 3)


def test_a_task_that_comes_twice_submits_once(wire: FakeWire, broker: FakeBroker) -> None:
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
    assert first.put_back(due_at=now, publish_at=now)
    # The second still holds the row as it was before the first attempt.
    assert not second.claim(now=now, lease=lease)


def test_a_message_that_is_gone_is_no_error(wire: FakeWire) -> None:
    submit_message(12345)
    assert wire.forms == []


def test_not_before_it_is_due(wire: FakeWire, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好", send_at=timezone.now() + timedelta(minutes=5))
    assert submitted(message).status == "queued"
    with travel(message.due_at, tick=False):
        assert submitted(message).status == "accepted"


def test_too_late_is_expired_and_not_sent(wire: FakeWire, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好", expires_at=timezone.now() + timedelta(minutes=5))
    with travel(timezone.now() + timedelta(minutes=5), tick=False):
        assert submitted(message).status == "expired"
    assert submitted(message).status == "expired"
    assert wire.forms == []


def test_statements_of_one_submission(
    wire: FakeWire, broker: FakeBroker, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    message = send_sms("13800138000", "您好")
    # Read, claim, settle, look for a receipt that came first.
    with django_assert_num_queries(4):
        submit_message(message.pk)


def test_a_late_answer_settles_what_upkeep_took_for_lost(wire: FakeWire, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好")
    now = timezone.now()
    assert message.claim(now=now, lease=timedelta(seconds=1))
    assert Message.objects.get().lose_answer(error="claim ran out")
    assert message.accept(code=2, msg="提交成功", smsid="15870246956696820530", now=now)
    assert Message.objects.get().status == "accepted"


def test_an_answer_of_an_older_attempt_changes_nothing(broker: FakeBroker) -> None:
    old = send_sms("13800138000", "您好")
    now, lease = timezone.now(), timedelta(seconds=30)
    assert old.claim(now=now, lease=lease)
    assert Message.objects.get().put_back(due_at=now, publish_at=now)
    assert Message.objects.get().claim(now=now, lease=lease)
    assert not old.reject(code=407, msg="")
    assert Message.objects.get().status == "submitting"


def test_a_receipt_that_came_before_the_answer(wire: FakeWire, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好")
    Receipt(mobile="13800138000", smsid="15870246956696820531", code=2, msg="DELIVRD", report_time_text="x").save()
    message = submitted(message)
    assert (message.status, message.smsid, message.receipt_msg) == ("delivered", "15870246956696820531", "DELIVRD")
    assert Receipt.objects.get().message == message


def test_a_client_of_the_sites_own_that_fails_leaves_no_claim(settings: Settings, broker: FakeBroker) -> None:
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "CLIENT": "tests.outbound.test_submission.BrokenClient"}
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


# The account at fault


PAUSING = sorted(code.number for code in CODES.values() if code.again is Again.WHEN_MENDED)


@pytest.mark.parametrize("code", PAUSING)
def test_an_account_at_fault_burns_no_message(
    wire: FakeWire, broker: FakeBroker, heard: Heard, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    heard.listen(account_paused, account_resumed)
    messages = [send_sms("13800138000", "您好") for _ in range(3)]
    wire.answer(code)
    for message in messages:
        submit_message(message.pk)
    assert len(wire.forms) == 1  # the other two waited
    assert set(Message.objects.values_list("status", "retries")) == {("queued", 0)}
    state = AccountState.objects.get()
    assert (state.account, state.code, state.msg) == ("default", code, "不行")
    assert [(event["account"], event["code"]) for event in heard[account_paused]] == [("default", code)]
    assert [record.levelno for record in caplog.records if "is paused" in record.message] == [logging.ERROR]
    broker.take()

    # Not mended yet: each probe lets one message through, after a pause that grows.
    pauses = []
    for _ in range(3):
        state.refresh_from_db()
        assert state.probe_at is not None
        wire.answer(code)
        with travel(state.probe_at, tick=False):
            for message in messages:
                submit_message(message.pk)
            state.refresh_from_db()
            pauses.append((state.probe_at - timezone.now()).total_seconds())
    assert pauses == [60, 120, 240]
    assert len(wire.forms) == 4
    assert len(heard[account_paused]) == 1

    # Mended: the probe resumes the account and all of them go.
    state.refresh_from_db()
    assert state.probe_at is not None
    with travel(state.probe_at, tick=False):
        for message in messages:
            submit_message(message.pk)
    assert set(Message.objects.values_list("status", flat=True)) == {"accepted"}
    assert [(event["account"], event["code"]) for event in heard[account_resumed]] == [("default", code)]


@pytest.mark.parametrize(
    ("ahead", "offset", "says"),
    [
        (timedelta(seconds=412), 412, "412 s ahead of the gateway's: set it"),
        (timedelta(hours=-1), -3600, "3600 s behind the gateway's: set it"),
        (None, None, "code 40501."),
    ],
    ids=["ahead", "behind", "no date in the answer"],
)
def test_the_clock_is_wrong(
    wire: FakeWire,
    broker: FakeBroker,
    caplog: pytest.LogCaptureFixture,
    time_machine: TimeMachineFixture,
    ahead: timedelta | None,
    offset: int | None,
    says: str,
) -> None:
    now = timezone.now().replace(microsecond=0)
    time_machine.move_to(now, tick=False)
    if ahead is not None:
        wire.headers["Date"] = format_datetime((now - ahead).astimezone(UTC), usegmt=True)
    message = send_sms("13800138000", "您好")
    wire.answer(40501, 40501)
    message = submitted(message)
    assert AccountState.objects.count() == 0  # once may be a slow network
    message = submitted(message)
    state = AccountState.objects.get()
    assert (state.code, message.status, state.clock_offset) == (40501, "queued", offset)
    assert state.paused_since is not None
    assert says in caplog.text


def test_a_refused_probe_still_shows_that_the_account_works(wire: FakeWire, broker: FakeBroker) -> None:
    first, second = send_sms("13800138000", "您好"), send_sms("13900139000", "您好")
    wire.answer(4051, 407)
    submit_message(first.pk)
    state = AccountState.objects.get()
    assert state.probe_at is not None
    with travel(state.probe_at, tick=False):
        assert submitted(first).status == "rejected"
        assert submitted(second).status == "accepted"


def test_a_doubled_task_uses_up_no_probe(wire: FakeWire, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好")
    now = timezone.now() - timedelta(minutes=5)
    AccountState.objects.pause("default", code=4052, msg="", clock_offset=None, now=now)
    others: list[int] = []

    def another_claims_first(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and not others:
            others.append(0)
            Message.objects.update(status="submitting", attempts=1)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(another_claims_first):
        submit_message(message.pk)
    assert AccountState.objects.get().probes == 0
    assert wire.forms == []


def test_a_probe_that_meets_a_broken_gateway_resumes_nothing(wire: FakeWire, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好")
    wire.answer(4051, 0)
    submit_message(message.pk)
    state = AccountState.objects.get()
    assert state.probe_at is not None
    with travel(state.probe_at, tick=False):
        submit_message(message.pk)
    state.refresh_from_db()
    assert state.paused_since is not None


def test_a_message_that_expires_while_its_account_is_paused(wire: FakeWire, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好", expires_at=timezone.now() + timedelta(minutes=5))
    wire.answer(4051)
    submit_message(message.pk)
    with travel(timezone.now() + timedelta(minutes=5), tick=False):
        upkeep.sweep()
    message.refresh_from_db()
    assert message.status == "expired"


def test_a_site_without_time_zones(wire: FakeWire, broker: FakeBroker, settings: Settings) -> None:
    settings.USE_TZ = False
    wire.headers["Date"] = "Sun, 22 Nov 2026 12:00:00 GMT"
    message = send_sms("13800138000", "您好", expires_at=timezone.now() + timedelta(hours=1))
    wire.answer(40501, 40501)
    submit_message(message.pk)
    submit_message(message.pk)
    state = AccountState.objects.get()
    assert state.clock_offset is not None
    assert state.probe_at is not None
    with travel(time.time() + 60, tick=False):
        message = submitted(message)
    assert message.status == "accepted"
    assert message.accepted_at is not None
    assert message.accepted_at.tzinfo is None


# The database away while an answer is in hand


class Outage:
    """An execute wrapper under which UPDATEs fail a number of times, as when the server restarts."""

    def __init__(self, failures: int) -> None:
        self.failures = failures

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and '"submitted_at" =' not in sql.replace("`", '"') and self.failures:
            self.failures -= 1
            raise OperationalError("server closed the connection unexpectedly")
        return execute(sql, params, many, context)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (2, "accepted"),
        (407, "rejected"),
        (requests.exceptions.ConnectTimeout(), "queued"),
        (requests.exceptions.ReadTimeout(), "unknown"),
    ],
    ids=["accepted", "refused", "surely not sent", "no answer"],
)
def test_an_answer_is_written_down_when_the_database_is_back(
    wire: FakeWire, broker: FakeBroker, answer: Answer, status: str
) -> None:
    message = send_sms("13800138000", "您好")
    wire.answer(answer)
    if connection.vendor == "sqlite":
        # Closing an in-memory database would lose it.
        connection.close = lambda: None  # type: ignore[method-assign]  # undone below
    try:
        with connection.execute_wrapper(Outage(3)):
            submit_message(message.pk)
    finally:
        connection.__dict__.pop("close", None)
    message.refresh_from_db()
    assert (message.status, message.attempts) == (status, 1)


@pytest.mark.usefixtures("quick")
def test_an_answer_in_a_callers_transaction_is_not_tried_again(wire: FakeWire, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好")

    with pytest.raises(OperationalError), transaction.atomic(), connection.execute_wrapper(Outage(1)):
        submit_message(message.pk)
