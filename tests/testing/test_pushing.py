"""Receipts, replies and codes by hand, and what the site's receivers hear of them."""

from __future__ import annotations

from typing import Any

import pytest

from django_ihuyi import offer_code, send_code, send_sms, signals, verify_code
from django_ihuyi.models import Receipt, Reply
from django_ihuyi.testing import Outbox, deliver, latest_code, reply, wait_for

pytestmark = pytest.mark.django_db

MOBILE = "13712345678"


@pytest.mark.parametrize(
    ("arguments", "status", "word"),
    [
        ({}, "delivered", "DELIVRD"),
        ({"delivered": False}, "undelivered", "UNDELIV"),
        ({"delivered": False, "msg": "MK:0001"}, "undelivered", "MK:0001"),
    ],
    ids=["delivered", "undelivered", "in the carrier's words"],
)
@pytest.mark.usefixtures("ihuyi_outbox")
def test_deliver(arguments: dict[str, Any], status: str, word: str) -> None:
    message = deliver(send_sms(MOBILE, "您好"), **arguments)
    assert (message.status, message.receipt_msg) == (status, word)
    deliver(message, **arguments)
    assert Receipt.objects.filter(message=message).exists()


@pytest.mark.usefixtures("ihuyi_outbox")
def test_reply_belongs_to_its_message() -> None:
    message = send_sms(MOBILE, "您好")
    answer = reply(message, "好的")
    assert (answer.message, answer.mobile, answer.content) == (message, MOBILE, "好的")
    assert Reply.objects.count() == 1


@pytest.mark.usefixtures("ihuyi_outbox")
def test_receivers_hear_of_it_inside_of_a_tests_transaction() -> None:
    heard: list[str] = []

    def hear(signal: object, **kwargs: object) -> None:
        heard.append(next(name for name, value in vars(signals).items() if value is signal))

    for signal in (signals.message_accepted, signals.message_delivered, signals.reply_received):
        signal.connect(hear)
    try:
        message = deliver(send_sms(MOBILE, "您好"))
        reply(message, "好的")
    finally:
        for signal in (signals.message_accepted, signals.message_delivered, signals.reply_received):
            signal.disconnect(hear)
    assert heard == ["message_accepted", "message_delivered", "reply_received"]


@pytest.mark.parametrize("push", [deliver, lambda message: reply(message, "好的")], ids=["deliver", "reply"])
def test_what_was_not_taken_has_neither_receipt_nor_reply(ihuyi_outbox: Outbox, push: Any) -> None:
    ihuyi_outbox.refuse(4030)
    with pytest.raises(LookupError, match="rejected"):
        push(send_sms(MOBILE, "您好"))


@pytest.mark.usefixtures("ihuyi_outbox")
def test_the_latest_code() -> None:
    send_code(MOBILE, "sign-up")
    send_sms(MOBILE, "多谢，您的编号是 7。")
    assert verify_code(MOBILE, "sign-up", latest_code("137 1234 5678"))


@pytest.mark.usefixtures("ihuyi_outbox")
def test_no_code_goes_to_a_number_that_is_not_known() -> None:
    offer_code(MOBILE, "log-in", known=False)
    with pytest.raises(LookupError):
        latest_code(MOBILE)


@pytest.mark.usefixtures("ihuyi_outbox")
def test_to_wait_in_vain() -> None:
    message = send_sms(MOBILE, "您好")
    with pytest.raises(TimeoutError, match="accepted after"):
        wait_for(message, "delivered", timeout=0.03)
    assert wait_for(message, "accepted").code == 2
