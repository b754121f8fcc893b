"""A code stands in the database until its message is settled, and then nowhere at all."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi import maintenance, send_code, send_sms, verify_code
from django_ihuyi.models import Message, Receipt
from django_ihuyi.signals import message_accepted
from django_ihuyi.tasks import submit_batch, submit_message
from django_ihuyi.verification.models import CodeQuota
from tests.fakes import FakeBroker, FakeGateway
from tests.features import our_models
from tests.signal_recorder import SignalRecorder

from .code_text import MOBILE, PURPOSE, code_in

pytestmark = pytest.mark.django_db(transaction=True)


def everything_stored() -> str:
    """Every value of every row of the app's tables."""
    rows: list[str] = []
    with connection.cursor() as cursor:
        for model in our_models():
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")
            rows += [repr(row) for row in cursor.fetchall()]
    return "\n".join(rows)


def accept(message: Message, wire: FakeGateway) -> None:
    submit_message(message.pk)


def accept_in_a_chunk(message: Message, wire: FakeGateway) -> None:
    submit_batch([message.pk, send_sms("13900139000", "您好").pk])


def refuse_quoting(message: Message, wire: FakeGateway) -> None:
    wire.answer({"code": 407, "msg": f"短信内容【{message.content}】含有敏感字符"})
    submit_message(message.pk)


def wait_for_the_account_and_expire(message: Message, wire: FakeGateway) -> None:
    wire.answer({"code": 4051, "msg": f"剩余条数不足：{message.content}"})
    submit_message(message.pk)
    expire(message, wire)


def lose_the_answer(message: Message, wire: FakeGateway) -> None:
    wire.answer(requests.exceptions.ReadTimeout(message.content))
    submit_message(message.pk)


def expire(message: Message, wire: FakeGateway) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=False):
        maintenance.sweep()


def cancel(message: Message, wire: FakeGateway) -> None:
    message.cancel()


ENDS: list[tuple[str, Callable[[Message, FakeGateway], None], str]] = [
    ("accepted", accept, "accepted"),
    ("accepted in a chunk", accept_in_a_chunk, "accepted"),
    ("refused in words that quote it", refuse_quoting, "rejected"),
    ("waited and expired", wait_for_the_account_and_expire, "expired"),
    ("unknown", lose_the_answer, "unknown"),
    ("expired", expire, "expired"),
    ("cancelled", cancel, "cancelled"),
]


@pytest.fixture
def everything_said(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """All that any logger says, tracebacks included."""
    caplog.set_level(logging.DEBUG)
    return lambda: caplog.text


@pytest.mark.parametrize(("settle", "status"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
@pytest.mark.parametrize("purpose", [{}, {"TEMPLATE": 1}, {"TEXT": "{minutes}分钟内有效：{code}"}])
def test_nothing_of_the_code_is_left(
    settings: Settings,
    wire: FakeGateway,
    broker: FakeBroker,
    everything_said: Callable[[], str],
    purpose: dict[str, Any],
    settle: Callable[[Message, FakeGateway], None],
    status: str,
) -> None:
    settings.IHUYI = {**settings.IHUYI, "VERIFICATION": {"PURPOSES": {PURPOSE: purpose}, "CODE_LENGTH": 8}}
    message = send_code(MOBILE, PURPOSE)
    [code] = [word for word in message.content.replace("：", " ").replace("。", " ").split() if len(word) == 8]
    assert code in everything_stored()
    settle(Message.objects.get(pk=message.pk), wire)
    message.refresh_from_db()
    assert message.status == status
    assert code not in everything_stored()
    assert code not in everything_said()
    assert code not in "".join(map(repr, broker.take()))
    assert "•••••" in message.content
    # The words around it are kept.
    if "TEMPLATE" not in purpose:
        assert ("有效：" in message.content) or ("您的验证码是：" in message.content)


def test_the_code_still_works_and_goes_out_whole(wire: FakeGateway, broker: FakeBroker) -> None:
    message = send_code(MOBILE, PURPOSE)
    code = code_in(message)
    submit_message(message.pk)
    assert code in wire.accepted[0]["content"]
    assert verify_code(MOBILE, PURPOSE, code)


def test_a_message_put_back_keeps_its_text_and_not_its_quotation(wire: FakeGateway, broker: FakeBroker) -> None:
    message = send_code(MOBILE, PURPOSE)
    code = code_in(message)
    wire.answer({"code": 0, "msg": f"提交失败 {code}"})
    submit_message(message.pk)
    message.refresh_from_db()
    assert (message.status, message.msg) == ("queued", "提交失败 •••••")
    assert code in message.content


def test_a_late_receipt_brings_no_code_back(wire: FakeGateway, broker: FakeBroker) -> None:
    message = send_code(MOBILE, PURPOSE)
    submit_message(message.pk)
    message.refresh_from_db()
    receipt = Receipt(mobile=MOBILE, smsid=message.smsid or "", code=2, msg="DELIVRD", report_time_text="?")
    Receipt.objects.receive(receipt, window=timedelta(hours=72))
    message.refresh_from_db()
    assert message.status == "delivered"
    assert message.content == "您的验证码是：•••••。请不要把验证码泄露给其他人。"


def test_receivers_of_signals_get_the_masked_text(wire: FakeGateway, broker: FakeBroker, heard: SignalRecorder) -> None:
    heard.listen(message_accepted)
    message = send_code(MOBILE, PURPOSE)
    code = code_in(message)
    submit_message(message.pk)
    [event] = heard[message_accepted]
    assert code not in event["message"].content


def test_other_messages_keep_their_numbers(wire: FakeGateway, broker: FakeBroker) -> None:
    message = send_sms(MOBILE, "您的订单 1234 已发货")
    submit_message(message.pk)
    message.refresh_from_db()
    assert message.content == "您的订单 1234 已发货"


def test_no_code_in_what_rows_say_of_themselves() -> None:
    message = send_code(MOBILE, PURPOSE)
    code = code_in(message)
    row = message.verification_codes.get()
    for text in (str(row), repr(row), str(message), repr(message), str(row.__dict__)):
        assert code not in text
    quotas = " ".join(map(str, CodeQuota.objects.all()))
    assert quotas.count("quota of a") == 3
    assert MOBILE not in f"{row} {row!r} {quotas}"
