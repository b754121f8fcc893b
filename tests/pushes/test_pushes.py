"""The push URLs: what is read, what is answered, and that nothing is thrown away."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from django_ihuyi.models import Message, OptOut, Receipt, Reply, TemplateReview
from django_ihuyi.signals import message_delivered, message_undelivered, reply_received
from tests.log_records import package_records
from tests.pushes.push_client import FORM, MULTIPART, RECEIPT, REPLY, REVIEW, SMSID, TOKEN, multipart, push, url
from tests.signal_recorder import SignalRecorder

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_receipt_makes_it_delivered(client: Client, message: Message, heard: SignalRecorder) -> None:
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
def test_any_other_code_is_undelivered(client: Client, message: Message, heard: SignalRecorder, code: str) -> None:
    heard.listen(message_undelivered, message_delivered)
    push(client, "receipt", {**RECEIPT, "code": code, "msg": "UNDELIV"})
    message.refresh_from_db()
    assert (message.status, message.receipt_code, message.receipt_msg) == ("undelivered", int(code), "UNDELIV")
    assert len(heard[message_undelivered]) == 1
    assert heard[message_delivered] == []


def test_the_same_push_again_changes_nothing(client: Client, message: Message, heard: SignalRecorder) -> None:
    heard.listen(message_delivered, reply_received)
    for _ in range(3):
        assert push(client, "receipt", RECEIPT).content == b"success"
        assert push(client, "reply", REPLY).content == b"success"
    assert Receipt.objects.count() == Reply.objects.count() == 1
    assert len(heard[message_delivered]) == len(heard[reply_received]) == 1


def test_a_reply(client: Client, message: Message, heard: SignalRecorder) -> None:
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
        for name in ("code", "mobilephone")
    ),
    *(
        (f"reply without {name}", "reply", {key: REPLY[key] for key in REPLY if key != name}, name)
        for name in ("mobilephone", "content")
    ),
    ("nothing", "receipt", "", "mobilephone"),
    ("empty number", "receipt", {**RECEIPT, "mobilephone": " "}, "mobilephone"),
    ("code not a number", "receipt", {**RECEIPT, "code": "DELIVRD"}, "code"),
    ("code with a fraction", "receipt", {**RECEIPT, "code": "2.5"}, "code"),
    ("code of 1,001 digits", "receipt", {**RECEIPT, "code": "2" * 1001}, "code"),
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
    (record,) = package_records(caplog)
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
        ("rubbish", "multipart/form-data; boundary=\xe9", 400),
        (multipart(RECEIPT, more=1_001), MULTIPART, 400),
        (multipart(RECEIPT, files=150), MULTIPART, 400),
        (multipart({}, header=b"; name*=no-such''code"), MULTIPART, 400),
        (multipart({}, header=b"; name*=idna''%ff"), MULTIPART, 400),
        (multipart({}, header=b"; name=x; filename=x\r\nContent-Transfer-Encoding: base64", value=b"?"),
         MULTIPART, 400),
        (multipart({}), MULTIPART, 400),
        ("", MULTIPART, 400),
        ("", "application/json", 400),
    ],
    ids=[
        "half json", "json list", "huge json", "deep json", "json bytes", "many fields", "huge form",
        "huge multipart", "multipart rubbish", "multipart without boundary", "multipart with an odd boundary",
        "multipart of many fields", "multipart of many files", "part of an unknown charset", "part that is no idna",
        "file that is no base64", "empty multipart", "no multipart", "no json",
    ],
)  # fmt: skip
def test_bodies_that_are_refused(
    client: Client,
    message: Message,
    caplog: pytest.LogCaptureFixture,
    body: str | bytes,
    content_type: str,
    status: int,
) -> None:
    response = push(client, "receipt", body, content_type)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert not Receipt.objects.exists()
    assert [record.levelname for record in package_records(caplog)] == ["WARNING"]
    assert TOKEN not in caplog.text
    assert push(client, "receipt", RECEIPT).content == b"success"


@pytest.mark.parametrize("charset", ["idna", "punycode", "utf-7", "rot13", "base64", "no-such", "", "\xff", "utf-8"])
@pytest.mark.parametrize("kind", [FORM, "application/json", MULTIPART], ids=["form", "json", "multipart"])
def test_a_push__of_a_charset_that_says_nothing__is_kept(
    client: Client, message: Message, kind: str, charset: str
) -> None:
    fields = {**RECEIPT, "msg": "成功"}
    bodies = {
        FORM: urlencode(fields).encode(),
        "application/json": json.dumps(fields).encode(),
        MULTIPART: multipart(fields),
    }
    assert push(client, "receipt", bodies[kind], f"{kind}; charset={charset}").content == b"success"
    assert Receipt.objects.get().msg == "成功"


@pytest.mark.parametrize("limit", [10, 100])
def test_a_multipart_push__of_a_site_that_takes_less__is_too_large(
    client: Client, message: Message, settings: Settings, limit: int
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = limit
    assert push(client, "receipt", multipart(RECEIPT), MULTIPART).status_code == 413


@pytest.mark.parametrize("content_type", ["Multipart/Form-Data; Boundary=X", "MULTIPART/FORM-DATA; boundary=X"])
def test_a_multipart_push__of_a_content_type_in_capitals__is_read(
    client: Client, message: Message, content_type: str
) -> None:
    assert push(client, "receipt", multipart(RECEIPT), content_type).content == b"success"


def test_a_multipart_push__read_by_a_middleware__is_kept(client: Client, message: Message, settings: Settings) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.pushes.push_client.reading_middleware"]
    for body, content_type in ((multipart(RECEIPT), MULTIPART), (urlencode(RECEIPT), FORM)):
        Receipt.objects.all().delete()
        assert push(client, "receipt", body, content_type).content == b"success"
        assert Receipt.objects.count() == 1


def test_a_push__that_breaks_off__is_refused_and_taken_again(client: Client, message: Message) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionResetError

    environment: dict[str, Any] = {"CONTENT_LENGTH": "100", "wsgi.input": Broken()}
    answer = client.generic("POST", url("receipt"), content_type=FORM, **environment)
    assert answer.status_code == 400
    assert push(client, "receipt", RECEIPT).content == b"success"


OPTIONAL = [
    *((f"receipt without {name}", "receipt", name) for name in ("msg", "smsid", "report_time")),
    *((f"reply without {name}", "reply", name) for name in ("smsid", "reply_time")),
    ("review without msg", "template", "msg"),
]


@pytest.mark.parametrize("how", ["absent", "empty", "null"])
@pytest.mark.parametrize(("kind", "name"), [row[1:] for row in OPTIONAL], ids=[row[0] for row in OPTIONAL])
def test_a_push__without_what_only_describes_it__is_kept(client: Client, kind: str, name: str, how: str) -> None:
    whole: dict[str, dict[str, Any]] = {"receipt": RECEIPT, "reply": REPLY, "template": REVIEW}
    fields = {key: value for key, value in whole[kind].items() if key != name}
    if how != "absent":
        fields[name] = "" if how == "empty" else None
    body = json.dumps(fields) if how == "null" else urlencode(fields)
    content_type = "application/json" if how == "null" else FORM
    for _ in range(3):
        assert push(client, kind, body, content_type).content == b"success"
    model = {"receipt": Receipt, "reply": Reply, "template": TemplateReview}[kind]
    row = model._default_manager.get()
    if hasattr(row, name):
        assert getattr(row, name) in ("", None)


@pytest.mark.parametrize("name", ["smsid", "report_time"])
def test_a_receipt__without_one_of_its_fields__settles_its_message(client: Client, name: str) -> None:
    now = datetime.now(UTC)
    message = Message.objects.create(
        mobile="13800138000",
        content="您好",
        status="unknown" if name == "smsid" else "accepted",
        smsid=None if name == "smsid" else SMSID,
        submitted_at=now,
    )
    fields = {**RECEIPT, "report_time": f"{now + timedelta(hours=8):%Y-%m-%d %H:%M:%S}"}
    del fields[name]
    assert push(client, "receipt", fields).content == b"success"
    message.refresh_from_db()
    assert (message.status, message.receipts.count()) == ("delivered", 1)
    assert message.reported_at is not None
    assert abs(message.reported_at - now) < timedelta(minutes=1)


@pytest.mark.parametrize("id_field", ["task_id", "voiceid", "ismsid"])
@pytest.mark.parametrize("smsid", [None, "", "0"], ids=["no smsid", "empty smsid", "zero smsid"])
def test_a_receipt__under_another_name_of_its_id__finds_its_message(
    client: Client, message: Message, id_field: str, smsid: str | None
) -> None:
    fields: dict[str, Any] = {**RECEIPT, id_field: SMSID, "smsid": smsid}
    assert push(client, "receipt", json.dumps(fields), "application/json").content == b"success"
    message.refresh_from_db()
    assert message.status == "delivered"


@pytest.mark.parametrize("id_field", ["task_id", "voiceid", "ismsid"])
def test_a_receipt__with_an_empty_other_id__is_found_by_its_smsid(
    client: Client, message: Message, id_field: str
) -> None:
    assert push(client, "receipt", {**RECEIPT, id_field: ""}).content == b"success"
    message.refresh_from_db()
    assert message.status == "delivered"


@pytest.mark.parametrize("value", [True, ["1"], {"a": 1}], ids=["flag", "list", "dict"])
@pytest.mark.parametrize("name", ["smsid", "task_id", "voiceid", "ismsid"])
def test_a_receipt__whose_id_is_no_text__is_kept_without_it(client: Client, name: str, value: Any) -> None:
    body = json.dumps({**RECEIPT, "smsid": None, name: value})
    assert push(client, "receipt", body, "application/json").content == b"success"
    assert Receipt.objects.get().smsid == ""


@pytest.mark.parametrize("moment", ["", "0000-00-00 00:00:00", "soon"], ids=["absent", "zero", "unreadable"])
def test_an_opt_out__without_a_time__counts_again_after_it_was_lifted(client: Client, moment: str) -> None:
    """The same words without a time are the same push for some minutes only, not for ever."""
    fields = {**REPLY, "reply_time": moment}
    with time_machine.travel(datetime(2026, 11, 22, 12, 9, 59, tzinfo=UTC)) as clock:
        assert push(client, "reply", fields).content == b"success"
        OptOut.objects.all().delete()
        for seconds in (60, 120):
            clock.shift(timedelta(seconds=seconds))
            assert push(client, "reply", fields).content == b"success"
        assert (Reply.objects.count(), OptOut.objects.count()) == (1, 0)
        clock.shift(timedelta(days=7))
        assert push(client, "reply", fields).content == b"success"
    assert (Reply.objects.count(), OptOut.objects.count()) == (2, 1)


def test_the_same_push_again__after_the_sites_key_changed__changes_nothing(client: Client, settings: Settings) -> None:
    for fields, kind in ((RECEIPT, "receipt"), (REPLY, "reply")):
        assert push(client, kind, fields).content == b"success"
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    for fields, kind in ((RECEIPT, "receipt"), (REPLY, "reply")):
        assert push(client, kind, fields).content == b"success"
    assert Receipt.objects.count() == Reply.objects.count() == 1


IMPLAUSIBLE = ["0001-01-01 00:00:00", "0001-01-02 00:00:00", "1970-01-01 08:00:00", "9999-12-31 23:59:59", "tomorrow+9"]


@pytest.mark.parametrize("moment", IMPLAUSIBLE)
@pytest.mark.parametrize("smsid", [SMSID, "999", "0"], ids=["ours", "nobody's", "none"])
def test_a_receipt__of_an_implausible_time__is_kept_without_it(
    client: Client, message: Message, moment: str, smsid: str
) -> None:
    if moment == "tomorrow+9":
        moment = f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%d %H:%M:%S}"
    assert push(client, "receipt", {**RECEIPT, "smsid": smsid, "report_time": moment}).content == b"success"
    receipt = Receipt.objects.get()
    assert (receipt.report_time, receipt.report_time_text) == (None, moment)
    message.refresh_from_db()
    if smsid == SMSID:
        assert (message.status, message.reported_at) == ("delivered", receipt.received_at)
    # And what comes behind it is matched.
    assert push(client, "receipt", RECEIPT).content == b"success"
    message.refresh_from_db()
    assert message.status == "delivered"


@pytest.mark.parametrize("moment", IMPLAUSIBLE[:-1])
def test_a_reply__of_an_implausible_time__is_kept_without_it(client: Client, moment: str) -> None:
    assert push(client, "reply", {**REPLY, "reply_time": moment}).content == b"success"
    assert (Reply.objects.get().reply_time, Reply.objects.get().reply_time_text) == (None, moment)
    assert OptOut.objects.count() == 1


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
    assert push(client, "reply", body, "application/json").content == b"success"
    assert Reply.objects.get().content == "a\ufffdb\ufffd"


@pytest.mark.parametrize("value", [True, ["a"], {"a": 1}], ids=["flag", "list", "dict"])
def test_json_that_is_no_text_is_refused(client: Client, value: Any) -> None:
    body = json.dumps({**REPLY, "content": value})
    assert push(client, "reply", body, "application/json").status_code == 400
