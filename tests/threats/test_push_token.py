"""What somebody can do who has a push token, and what not."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from django_ihuyi.models import Message, OptOut, Receipt
from tests.fakes import FakeBroker, FakeGateway
from tests.pushes.push_client import RECEIPT, REPLY, REVIEW, SMSID, push

pytestmark = pytest.mark.django_db
MOBILE = RECEIPT["mobilephone"]
STRANGER = "13912345678"


@pytest.fixture
def accepted() -> Message:
    """A message that waits for its receipt."""
    return Message.objects.create(mobile=MOBILE, content="您的订单已发货", status="accepted", smsid=SMSID)


def status_of(message: Message) -> str:
    return str(Message.objects.get(pk=message.pk).status)


def test_who_knows_the_smsid_and_the_number_forges_a_receipt(client: Client, accepted: Message) -> None:
    push(client, "receipt", {**RECEIPT, "code": "9"})
    assert status_of(accepted) == "undelivered"


@pytest.mark.parametrize(
    "guess", [{"smsid": "15870246956696820531"}, {"mobilephone": STRANGER}], ids=["smsid", "number"]
)
def test_who_guesses_either_changes_no_accepted_message(
    client: Client, accepted: Message, guess: dict[str, str]
) -> None:
    push(client, "receipt", {**RECEIPT, "code": "9", **guess})
    assert status_of(accepted) == "accepted"
    assert Receipt.objects.get().message is None


def test_a_forged_reply_opts_anybody_out(client: Client) -> None:
    push(client, "reply", {**REPLY, "mobilephone": STRANGER, "content": "TD"})
    assert list(OptOut.objects.values_list("mobile", flat=True)) == [STRANGER]


@pytest.mark.parametrize(
    ("kind", "known", "unknown"),
    [
        ("receipt", RECEIPT, {**RECEIPT, "smsid": "15870246956696820531", "mobilephone": STRANGER}),
        ("reply", REPLY, {**REPLY, "smsid": "15870246956696820531", "mobilephone": STRANGER}),
        ("template", REVIEW, {**REVIEW, "templateid": "2002"}),
    ],
    ids=["receipt", "reply", "template"],
)
def test_the_answer_does_not_tell_what_is_in_the_record(
    client: Client, accepted: Message, kind: str, known: dict[str, Any], unknown: dict[str, Any]
) -> None:
    answers = [push(client, kind, fields) for fields in (known, unknown)]
    assert [(answer.status_code, answer.content, dict(answer.headers)) for answer in answers] == [
        (200, b"success", dict(answers[0].headers))
    ] * 2


@pytest.mark.django_db(transaction=True)
def test_no_push_sends_anything(client: Client, wire: FakeGateway, broker: FakeBroker) -> None:
    Message.objects.create(mobile=MOBILE, content="您的订单已发货", status="accepted", smsid=SMSID)
    for kind, fields in (("receipt", {**RECEIPT, "code": "9"}), ("reply", REPLY), ("template", REVIEW)):
        push(client, kind, fields)
    assert broker.take() == []
    assert wire.forms == []
