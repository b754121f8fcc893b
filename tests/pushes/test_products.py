"""Pushes of products other than SMS: whose they are, and how their numbers are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from django_ihuyi.mobile_hash import MOBILE_LENGTH, hash_mobile
from django_ihuyi.models import Message, OptOut, Receipt, Reply
from tests.pushes.push_client import RECEIPT, REPLY, SMSID, TOKEN, push

pytestmark = pytest.mark.django_db(transaction=True)
ABROAD = "+14155550123"
LONGEST = "+882133006550123"


def make_message(mobile: str = ABROAD, **fields: Any) -> Message:
    values = {"status": "accepted", "smsid": SMSID, "account": "abroad", "submitted_at": datetime.now(UTC), **fields}
    return Message.objects.create(mobile=mobile, content="Hello", **values)


def named(fields: dict[str, str], id_field: str, **changes: str) -> dict[str, str]:
    """The same push with another product's name for the id."""
    rest = {name: value for name, value in fields.items() if name != "smsid"}
    return {**rest, id_field: fields["smsid"], **changes}


@pytest.mark.parametrize("written", ["1 4155550123", "14155550123", "+14155550123", "0014155550123"])
def test_the_ids_name_tells_that_a_receipt_comes_from_abroad(client: Client, written: str) -> None:
    message = make_message()
    assert push(client, "receipt", named(RECEIPT, "ismsid", mobilephone=written)).content == b"success"
    message.refresh_from_db()
    assert message.status == "delivered"
    assert Receipt.objects.get().mobile == ABROAD


@pytest.mark.parametrize("written", ["1 4155550123", "14155550123"])
def test_so_does_the_url(client: Client, written: str) -> None:
    message = make_message()
    response = push(client, "international/receipt", {**RECEIPT, "mobilephone": written})
    assert response.content == b"success"
    message.refresh_from_db()
    assert message.status == "delivered"


def test_the_url_without_its_last_slash(client: Client) -> None:
    url = f"/ihuyi/push/{TOKEN}/international"
    for kind, fields in (("receipt", RECEIPT), ("reply", REPLY)):
        assert client.post(f"{url}/{kind}", {**fields, "mobilephone": "1 4155550123"}).content == b"success"
    assert Receipt.objects.get().mobile == Reply.objects.get().mobile == ABROAD


def test_a_receipt_of_a_call(client: Client) -> None:
    message = make_message("13800138000", account="voice", category="verification")
    push(client, "receipt", named(RECEIPT, "voiceid"))
    message.refresh_from_db()
    assert message.status == "delivered"


def test_digits_alone_are_a_number_in_china_where_nothing_says_otherwise(client: Client) -> None:
    message = make_message("+13055550123")
    push(client, "receipt", {**RECEIPT, "mobilephone": "13055550123"})
    message.refresh_from_db()
    assert (message.status, Receipt.objects.get().mobile) == ("accepted", "13055550123")


def test_opting_out_abroad_is_not_opting_out_in_china(client: Client) -> None:
    push(client, "international/reply", {**REPLY, "mobilephone": "13055550123"})
    assert list(OptOut.objects.values_list("mobile", flat=True)) == ["+13055550123"]


def test_the_only_message_to_a_number_without_an_id(client: Client) -> None:
    message = make_message(status="unknown", smsid=None)
    push(client, "receipt", named(RECEIPT, "ismsid", mobilephone="1 4155550123", report_time="soon"))
    message.refresh_from_db()
    assert (message.status, message.smsid) == ("delivered", SMSID)


MAINLAND = "13800138000"
# What each sent to one number, and whether a receipt without an id is the first's.
BY_NUMBER: list[tuple[str, str, list[tuple[str, str]], bool]] = [
    ("an SMS", "smsid", [("default", "unknown")], True),
    ("a call", "smsid", [("voice", "unknown")], False),
    ("a call, the receipt says so", "voiceid", [("voice", "unknown")], True),
    ("an SMS, the receipt is a call's", "voiceid", [("default", "unknown")], False),
    ("an SMS beside a call", "smsid", [("default", "unknown"), ("voice", "unknown")], True),
    ("an SMS beside a call on the wire", "smsid", [("default", "unknown"), ("voice", "submitting")], True),
    ("an account that is gone", "smsid", [("closed", "unknown")], True),
]


@pytest.mark.usefixtures("all_products")
@pytest.mark.parametrize(
    ("id_field", "sent", "matches"), [row[1:] for row in BY_NUMBER], ids=[row[0] for row in BY_NUMBER]
)
@pytest.mark.parametrize("later", [False, True], ids=["at once", "by the sweep"])
def test_by_number_among_messages_of_the_receipts_product(
    client: Client, id_field: str, sent: list[tuple[str, str]], matches: bool, later: bool
) -> None:
    fields = named({**RECEIPT, "smsid": ""}, id_field, report_time="soon")
    messages = [make_message(MAINLAND, account=account, status=status, smsid=None) for account, status in sent]
    if later:
        away = Message.objects.all()
        away.update(mobile="13900139000")
        push(client, "receipt", fields)
        away.update(mobile=MAINLAND)
        Receipt.objects.match(Receipt.objects.get(), window=timedelta(hours=72), now=datetime.now(UTC))
    else:
        push(client, "receipt", fields)
    messages[0].refresh_from_db()
    assert (messages[0].status == "delivered") is matches
    assert Receipt.objects.get().message == (messages[0] if matches else None)


@pytest.mark.usefixtures("all_products")
@pytest.mark.parametrize(("account", "matches"), [("abroad", True), ("voice", False), ("default", False)])
def test_a_receipt_from_abroad_is_of_no_other_product(client: Client, account: str, matches: bool) -> None:
    message = make_message(account=account, status="unknown", smsid=None)
    push(
        client, "international/receipt", {**RECEIPT, "smsid": "", "mobilephone": "1 4155550123", "report_time": "soon"}
    )
    message.refresh_from_db()
    assert (message.status == "delivered") is matches


def test_a_number_that_cannot_be_read_is_kept_as_it_came(client: Client) -> None:
    assert push(client, "international/receipt", {**RECEIPT, "mobilephone": "12"}).content == b"success"
    assert Receipt.objects.get().mobile == "12"


@pytest.mark.parametrize("kind", ["fax/receipt", "international/template"])
def test_there_is_no_such_url(client: Client, kind: str) -> None:
    assert push(client, kind, RECEIPT).status_code == 404
    assert not Receipt.objects.exists()


@pytest.mark.parametrize("mobile", [ABROAD, LONGEST])
def test_a_hashed_number_has_room_and_its_receipt_is_matched(client: Client, mobile: str) -> None:
    hashed = hash_mobile(mobile)
    assert len(hashed) <= MOBILE_LENGTH
    message = make_message(hashed)
    push(client, "receipt", named(RECEIPT, "ismsid", mobilephone=mobile))
    message.refresh_from_db()
    assert message.status == "delivered"
