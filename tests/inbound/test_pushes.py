"""The push URLs: what is read, what is answered, and that nothing is thrown away."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client, RequestFactory
from rest_framework.parsers import BaseParser

from django_ihuyi.inbound.parsers import PushFormParser, PushJSONParser, TooLarge
from django_ihuyi.models import Message, Receipt, Reply
from django_ihuyi.signals import message_delivered, message_undelivered, reply_received
from tests.heard import Heard
from tests.inbound.pushing import FORM, RECEIPT, REPLY, SMSID, TOKEN, push, url
from tests.records import ours

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_receipt_makes_it_delivered(client: Client, message: Message, heard: Heard) -> None:
    heard.listen(message_delivered)
    response = push(client, "receipt", RECEIPT)
    assert (response.status_code, response.content) == (200, b"success")
    assert response.headers["Content-Type"].startswith("text/plain")
    message.refresh_from_db()
    assert (message.status, message.receipt_code, message.receipt_msg) == ("delivered", 2, "DELIVRD")
    assert message.reported_at == datetime(2017, 8, 2, 6, 31, 51, tzinfo=UTC)  # China's time
    assert [event["message"].pk for event in heard[message_delivered]] == [message.pk]
    receipt = Receipt.objects.get()
    assert receipt.message == message
    assert receipt.report_time_text == "2017-08-02 14:31:51"


@pytest.mark.parametrize("code", ["0", "1", "3", "-1", "4051"])
def test_any_other_code_is_undelivered(client: Client, message: Message, heard: Heard, code: str) -> None:
    heard.listen(message_undelivered, message_delivered)
    push(client, "receipt", {**RECEIPT, "code": code, "msg": "UNDELIV"})
    message.refresh_from_db()
    assert (message.status, message.receipt_code, message.receipt_msg) == ("undelivered", int(code), "UNDELIV")
    assert len(heard[message_undelivered]) == 1
    assert heard[message_delivered] == []


def test_the_same_push_again_changes_nothing(client: Client, message: Message, heard: Heard) -> None:
    heard.listen(message_delivered, reply_received)
    for _ in range(3):
        assert push(client, "receipt", RECEIPT).content == b"success"
        assert push(client, "reply", REPLY).content == b"success"
    assert Receipt.objects.count() == Reply.objects.count() == 1
    assert len(heard[message_delivered]) == len(heard[reply_received]) == 1


def test_a_reply(client: Client, message: Message, heard: Heard) -> None:
    heard.listen(reply_received)
    response = push(client, "reply", REPLY)
    assert (response.status_code, response.content) == (200, b"success")
    reply = Reply.objects.get()
    assert (reply.mobile, reply.content, reply.message) == ("13800138000", "退订", message)
    assert reply.reply_time == datetime(2017, 5, 24, 9, 46, 50, tzinfo=UTC)
    assert [event["reply"].pk for event in heard[reply_received]] == [reply.pk]


@pytest.mark.parametrize(
    "change",
    [{"smsid": ""}, {"smsid": "0"}, {"smsid": "999"}, {"mobilephone": "13900139000"}, {"smsid": None}],
    ids=["empty", "zero", "nobody's", "another number", "absent"],
)
def test_a_replys_smsid_is_for_reference_only(client: Client, message: Message, change: dict[str, Any]) -> None:
    fields = {name: value for name, value in {**REPLY, **change}.items() if value is not None}
    assert push(client, "reply", fields).content == b"success"
    assert Reply.objects.get().message is None


CONTENT_TYPES = [
    ("form", FORM, urlencode(RECEIPT)),
    ("form with charset", f"{FORM}; charset=utf-8", urlencode(RECEIPT)),
    ("form under a wrong name", "text/plain", urlencode(RECEIPT)),
    ("form under no name", "", urlencode(RECEIPT)),
    ("json", "application/json", json.dumps(RECEIPT)),
    ("json with charset", "application/json; charset=utf-8", json.dumps(RECEIPT)),
    ("json with numbers", "application/json", json.dumps({**RECEIPT, "code": 2, "mobilephone": 13800138000})),
]


@pytest.mark.parametrize(
    ("content_type", "body"), [row[1:] for row in CONTENT_TYPES], ids=[row[0] for row in CONTENT_TYPES]
)
def test_what_bodies_are_read(client: Client, message: Message, content_type: str, body: str) -> None:
    assert push(client, "receipt", body, content_type).content == b"success"
    message.refresh_from_db()
    assert message.status == "delivered"


def test_multipart_is_read(client: Client, message: Message) -> None:
    assert client.post(url("receipt"), RECEIPT).content == b"success"
    assert Message.objects.get().status == "delivered"


@pytest.mark.parametrize("accept", ["application/json", "text/html", "image/png", "*/*", "nonsense"])
def test_the_answer_is_bare_text_whatever_is_asked_for(client: Client, accept: str) -> None:
    response = client.post(url("receipt"), urlencode(RECEIPT), content_type=FORM, headers={"accept": accept})
    assert (response.status_code, response.content) == (200, b"success")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


MALFORMED: list[tuple[str, str, Any, str]] = [
    *(
        (f"receipt without {name}", "receipt", {key: RECEIPT[key] for key in RECEIPT if key != name}, name)
        for name in ("code", "mobilephone", "smsid", "report_time")
    ),
    *(
        (f"reply without {name}", "reply", {key: REPLY[key] for key in REPLY if key != name}, name)
        for name in ("mobilephone", "content", "reply_time")
    ),
    ("nothing", "receipt", "", "mobilephone"),
    ("empty number", "receipt", {**RECEIPT, "mobilephone": " "}, "mobilephone"),
    ("code not a number", "receipt", {**RECEIPT, "code": "DELIVRD"}, "code"),
    ("code too large", "receipt", {**RECEIPT, "code": "9" * 30}, "code"),
    ("bytes", "receipt", b"\xff\xfe\x00", "code"),
]


@pytest.mark.parametrize(("kind", "fields", "named"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED])
def test_a_malformed_push_is_told_so_and_logged_without_its_content(
    client: Client, caplog: pytest.LogCaptureFixture, kind: str, fields: Any, named: str
) -> None:
    response = push(client, kind, fields)
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert named in response.content.decode()
    assert not Receipt.objects.exists()
    assert not Reply.objects.exists()
    (record,) = ours(caplog)
    assert record.levelno == logging.WARNING
    assert named in record.getMessage()
    for secret in ("13800138000", "退订", TOKEN, SMSID):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("{", "application/json", 400),
        ("[1]", "application/json", 400),
        ("[" * 100_000, "application/json", 413),
        ("[" * 60_000, "application/json", 400),
        (b"\xff", "application/json", 400),
        ("a=1&" * 2_000, FORM, 400),
        ("a" * 70_000, FORM, 413),
        ("a" * 70_000, "multipart/form-data; boundary=x", 413),
        ("rubbish", "multipart/form-data; boundary=x", 400),
        ("rubbish", "multipart/form-data", 400),
    ],
    ids=[
        "half json", "json list", "huge json", "deep json", "json bytes", "many fields", "huge form",
        "huge multipart", "multipart rubbish", "multipart without boundary",
    ],
)  # fmt: skip
def test_bodies_that_are_refused(
    client: Client, message: Message, body: str | bytes, content_type: str, status: int
) -> None:
    response = push(client, "receipt", body, content_type)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert push(client, "receipt", RECEIPT).content == b"success"


@pytest.mark.parametrize("parser", [PushFormParser(), PushJSONParser()], ids=["form", "json"])
def test_a_body_that_does_not_say_how_long_it_is(parser: BaseParser) -> None:
    """In chunks, as an ASGI server hands it over."""
    request = RequestFactory().post("/", CONTENT_LENGTH="")
    with pytest.raises(TooLarge):
        parser.parse(BytesIO(b"a" * 70_000), None, {"request": request})


ODD: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("time of another shape", {"report_time": "yesterday"}, {"report_time": None, "report_time_text": "yesterday"}),
    ("impossible time", {"report_time": "2017-02-30 25:00:00"}, {"report_time": None}),
    ("year 1", {"report_time": "0001-01-01 00:00:00"}, {"report_time": None}),
    ("nul in the words", {"msg": "a\x00b"}, {"msg": "a\ufffdb"}),
    ("long words", {"msg": "x" * 1000}, {"msg": "x" * 255}),
    ("no words", {"msg": ""}, {"msg": ""}),
    ("country code", {"mobilephone": "8613800138000"}, {"mobile": "13800138000"}),
    ("a foreign number", {"mobilephone": "+85291234567"}, {"mobile": "+85291234567"}),
    ("an smsid of 10,000 digits", {"smsid": "9" * 10_000}, {"smsid": "9" * 64}),
    ("no smsid", {"smsid": "0"}, {"smsid": ""}),
]


@pytest.mark.parametrize(("change", "kept"), [row[1:] for row in ODD], ids=[row[0] for row in ODD])
def test_odd_receipts_are_kept(client: Client, change: dict[str, Any], kept: dict[str, Any]) -> None:
    assert push(client, "receipt", {**RECEIPT, **change}).content == b"success"
    receipt = Receipt.objects.get()
    assert {name: getattr(receipt, name) for name in kept} == kept


def test_words_may_be_absent(client: Client) -> None:
    assert push(client, "receipt", {k: v for k, v in RECEIPT.items() if k != "msg"}).content == b"success"


def test_lone_surrogates_in_json_are_kept_as_marks(client: Client) -> None:
    body = '{"mobilephone": "13800138000", "content": "a\\ud800b\\u0000", "reply_time": "x", "smsid": null}'
    assert push(client, "reply", body, "application/json").status_code == 400  # null is no text
    assert push(client, "reply", body.replace("null", '""'), "application/json").content == b"success"
    assert Reply.objects.get().content == "a\ufffdb\ufffd"


@pytest.mark.parametrize("value", [True, ["a"], {"a": 1}], ids=["flag", "list", "dict"])
def test_json_that_is_no_text_is_refused(client: Client, value: Any) -> None:
    body = json.dumps({**REPLY, "content": value})
    assert push(client, "reply", body, "application/json").status_code == 400
