"""An account at fault: its messages wait, one probe at a time, and everything flows when it is mended."""

from __future__ import annotations

import logging
import time
from datetime import UTC, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from time_machine import TimeMachineFixture, travel

from django_ihuyi import maintenance, send_sms
from django_ihuyi.gateway.result_codes import CODES, Retry
from django_ihuyi.models import AccountState, Message
from django_ihuyi.signals import (
    account_paused,
    account_resumed,
)
from django_ihuyi.tasks import submit_message
from django_ihuyi.worker import account_pause
from tests.fakes import FakeBroker, FakeGateway
from tests.log_records import package_records
from tests.signal_recorder import SignalRecorder
from tests.worker.helpers import run_submit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.usefixtures("all_products", "broker")
def test_account_of_voice__answered_408__is_paused_and_keeps_the_message(wire: FakeGateway) -> None:
    message = send_sms("13800138000", "482913", category="verification", account="voice")
    wire.answer(408)
    submit_message(message.pk)
    message.refresh_from_db()
    assert (message.status, message.code) == ("queued", 408)
    state = AccountState.objects.get()
    assert (state.account, state.code, state.paused_since is None) == ("voice", 408, False)


PAUSING = sorted(code.number for code in CODES.values() if code.retry is Retry.AFTER_FIX)


@pytest.mark.parametrize("code", PAUSING)
def test_an_account_at_fault_burns_no_message(
    wire: FakeGateway, broker: FakeBroker, heard: SignalRecorder, caplog: pytest.LogCaptureFixture, code: int
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
    assert [record.levelno for record in package_records(caplog) if "is paused" in record.message] == [logging.ERROR]
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
    wire: FakeGateway,
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
    message = run_submit(message)
    assert AccountState.objects.count() == 0  # once may be a slow network
    message = run_submit(message)
    state = AccountState.objects.get()
    assert (state.code, message.status, state.clock_offset) == (40501, "queued", offset)
    assert state.paused_since is not None
    assert says in caplog.text


def test_a_refused_probe_still_shows_that_the_account_works(wire: FakeGateway, broker: FakeBroker) -> None:
    first, second = send_sms("13800138000", "您好"), send_sms("13900139000", "您好")
    wire.answer(4051, 407)
    submit_message(first.pk)
    state = AccountState.objects.get()
    assert state.probe_at is not None
    with travel(state.probe_at, tick=False):
        assert run_submit(first).status == "rejected"
        assert run_submit(second).status == "accepted"


def test_a_doubled_task_uses_up_no_probe(wire: FakeGateway, broker: FakeBroker) -> None:
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


def test_a_probe_that_meets_a_broken_gateway_resumes_nothing(wire: FakeGateway, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好")
    wire.answer(4051, 0)
    submit_message(message.pk)
    state = AccountState.objects.get()
    assert state.probe_at is not None
    with travel(state.probe_at, tick=False):
        submit_message(message.pk)
    state.refresh_from_db()
    assert state.paused_since is not None


def test_a_message_that_expires_while_its_account_is_paused(wire: FakeGateway, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好", expires_at=timezone.now() + timedelta(minutes=5))
    wire.answer(4051)
    submit_message(message.pk)
    with travel(timezone.now() + timedelta(minutes=5), tick=False):
        maintenance.sweep()
    message.refresh_from_db()
    assert message.status == "expired"


def test_a_site_without_time_zones(wire: FakeGateway, broker: FakeBroker, settings: Settings) -> None:
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
        message = run_submit(message)
    assert message.status == "accepted"
    assert message.accepted_at is not None
    assert message.accepted_at.tzinfo is None


def test_staff_who_know_that_it_is_mended_spare_the_wait(wire: FakeGateway, broker: FakeBroker) -> None:
    messages = [send_sms(f"1380013800{number}", "您好") for number in range(3)]
    broker.take()
    wire.answer(4051)
    submit_message(messages[0].pk)
    state = AccountState.objects.get()
    broker.take()

    assert account_pause.probe_soon(state, now=timezone.now())
    probes = broker.take_pks()
    assert len(probes) == 1
    submit_message(probes[0])
    state.refresh_from_db()
    assert state.paused_since is None
    assert not account_pause.probe_soon(state, now=timezone.now())
    assert broker.take() == []


def test_where_nothing_waits_the_sweep_asks_for_the_balance(wire: FakeGateway, broker: FakeBroker) -> None:
    AccountState.objects.pause("default", code=4051, msg="", clock_offset=None, now=timezone.now())
    assert maintenance.sweep()["probed"] == 0  # not due yet
    assert account_pause.probe_soon(AccountState.objects.get(), now=timezone.now())
    assert (wire.forms, broker.take()) == ([], [])
    assert maintenance.sweep()["probed"] == 1
    assert not AccountState.objects.is_paused("default")


def test_what_the_gateway_says_of_an_account_keeps_no_number(wire: FakeGateway, broker: FakeBroker) -> None:
    """Its words outlive the message and stand on pages for staff who see masked numbers only."""
    message = send_sms("13800138000", "您好")
    wire.answer({"code": 4051, "msg": "剩余条数不足：138 0013 8000"})
    submit_message(message.pk)
    assert AccountState.objects.get().msg == "剩余条数不足：138******00"
