"""Many threads with a connection each, at the same moment: one wins, the others do nothing."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from django_ihuyi import maintenance, send_sms
from django_ihuyi.models import AccountState, Message, Receipt
from django_ihuyi.signals import account_paused, message_accepted, message_delivered
from django_ihuyi.tasks import submit_message
from tests.concurrency import run_concurrently
from tests.fakes import FakeBroker, FakeGateway
from tests.signal_recorder import SignalRecorder

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 8


def push_receipt(smsid: str, mobile: str = "13800138000", code: int = 2) -> bytes:
    fields = {"code": code, "msg": "", "mobilephone": mobile, "smsid": smsid, "report_time": "2026-11-22 12:00:00"}
    response = Client().post(
        f"/ihuyi/push/{django_settings.PUSH_TOKEN}/receipt/",
        urlencode(fields),
        content_type="application/x-www-form-urlencoded",
    )
    return bytes(response.content)


def test_one_message_many_workers_one_submit(wire: FakeGateway, broker: FakeBroker, heard: SignalRecorder) -> None:
    heard.listen(message_accepted)
    for _ in range(5):
        pk = send_sms("13800138000", "您好").pk
        run_concurrently(*[lambda pk=pk: submit_message(pk)] * MANY)
    assert len(wire.forms) == len(heard[message_accepted]) == 5
    assert set(Message.objects.values_list("status", "attempts")) == {("accepted", 1)}


def test_one_key_many_callers_one_message(broker: FakeBroker) -> None:
    messages = run_concurrently(*[lambda: send_sms("13800138000", "您好", idempotency_key="order-7")] * MANY)
    assert len({message.pk for message in messages}) == Message.objects.count() == 1
    assert len(broker.take()) == 1


def test_many_sweeps_publish_each_message_once(broker: FakeBroker) -> None:
    now = timezone.now()
    Message.objects.bulk_create(Message(mobile="13800138000", content="您好", publish_at=now) for _ in range(40))
    counts = run_concurrently(*[maintenance.sweep] * 4)
    assert sum(count["published"] for count in counts) == 40
    assert max(Counter(broker.take_pks()).values()) == 1


def test_one_receipt_pushed_many_times_at_once(heard: SignalRecorder) -> None:
    heard.listen(message_delivered)
    Message.objects.create(mobile="13800138000", content="您好", status="accepted", smsid="15870246956696820530")
    answers = run_concurrently(*[lambda: push_receipt("15870246956696820530")] * MANY)
    assert set(answers) == {b"success"}
    assert Receipt.objects.count() == len(heard[message_delivered]) == 1


def test_receipts_that_race_their_own_answers(wire: FakeGateway, broker: FakeBroker) -> None:
    """The push comes while the worker still waits for the answer, or settles it: it finds the message or is found."""
    pushes: list[threading.Thread] = []

    def push(form: dict[str, str]) -> None:
        def run() -> None:
            push_receipt(form["smsid"], form["mobile"])
            connection.close()

        pushes.append(threading.Thread(target=run))
        pushes[-1].start()

    wire.when_taken = push
    mobiles = [f"138001380{index:02}" for index in range(30)]
    pks = [send_sms(mobile, "您好").pk for mobile in mobiles]

    def work(part: list[int]) -> None:
        for pk in part:
            submit_message(pk)

    run_concurrently(*[lambda part=pks[index::3]: work(part) for index in range(3)])
    for thread in pushes:
        thread.join(30)
    assert Counter(Message.objects.values_list("status", flat=True)) == {"delivered": 30}
    assert not Receipt.objects.filter(message=None).exists()


def test_delivered_and_failed_at_once_end_delivered() -> None:
    for index in range(5):
        smsid = f"1587024695669682053{index}"
        message = Message.objects.create(mobile="13800138000", content="您好", status="accepted", smsid=smsid)
        run_concurrently(
            *[lambda smsid=smsid: push_receipt(smsid, code=2)], *[lambda smsid=smsid: push_receipt(smsid, code=0)] * 3
        )
        message.refresh_from_db()
        assert message.status == "delivered"
        assert message.receipts.count() == 2


def test_one_pause_and_one_probe(heard: SignalRecorder) -> None:
    heard.listen(account_paused)
    now = timezone.now()

    def pause() -> bool:
        return AccountState.objects.pause("default", code=4051, msg="", clock_offset=None, now=now)

    assert sum(run_concurrently(*[pause] * MANY)) == 1
    assert len(heard[account_paused]) == 1
    later = now + timedelta(minutes=1)
    assert sum(run_concurrently(*[lambda: AccountState.objects.acquire_probe("default", now=later)] * MANY)) == 1
    assert sum(run_concurrently(*[lambda: AccountState.objects.resume("default")] * MANY)) == 1


def test_a_probe_taken_between_reading_and_writing_is_not_taken_again() -> None:
    now = timezone.now()
    AccountState.objects.pause("default", code=4051, msg="", clock_offset=None, now=now)
    later = now + timedelta(minutes=1)
    others: list[bool] = []

    def another_first(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and not others:
            others.append(False)
            others[0] = AccountState.objects.acquire_probe("default", now=later)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(another_first):
        assert not AccountState.objects.acquire_probe("default", now=later)
    assert others == [True]


def test_cancel_against_claim() -> None:
    for _ in range(5):
        pk = Message.objects.create(mobile="13800138000", content="您好").pk
        canceller, worker = Message.objects.get(pk=pk), Message.objects.get(pk=pk)
        won = run_concurrently(canceller.cancel, partial(worker.claim, now=timezone.now(), lease=timedelta(seconds=9)))
        assert sum(won) == 1
        assert Message.objects.get(pk=pk).status == ("cancelled" if won[0] else "submitting")
