"""A gateway or carrier quotes the text of a verification message: its code is kept nowhere and shown to nobody."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from django_ihuyi import send_code, send_sms
from django_ihuyi.models import AccountState, Message, Receipt
from tests.admin.conftest import StaffClient, make_message, make_receipt
from tests.admin.conftest import staff as staff  # noqa: PLC0414  the fixture
from tests.admin.urls import html, list_url, page_url
from tests.api.conftest import Caller, open_api
from tests.fakes import FakeBroker, FakeGateway, SubmittedCall
from tests.features import our_models
from tests.pushes.push_client import RECEIPT, push
from tests.verification.code_text import code_in

pytestmark = pytest.mark.django_db(transaction=True)

MOBILE = "13800138000"
SMSID = "15870246956696820531"
"""The first that the faked gateway gives."""
RANDOM = {"smsid", "nonce", "fingerprint", "event_id", "data", "mobile", "idempotency_key", "key"}
"""Columns whose digits are random, or somebody's number."""


def full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


WRITINGS: dict[str, Callable[[str], str]] = {
    "as sent": str,
    "full-width": full_width,
    "with spaces": " ".join,
    "with hyphens": "-".join,
    "in the middle": lambda code: f"x{code}y",
    "cut off": lambda code: code[:5],
}


def quote(code: str, writing: str) -> str:
    """A refusal that quotes a text."""
    return f"内容【您的验证码是：{WRITINGS[writing](code)}】不合规，号码 １３８．００１３．８０００"


def readable(text: str) -> str:
    """What a person reads who looks for digits."""
    return "".join(chr(ord(char) - 0xFEE0) if "！" <= char <= "～" else char for char in text).translate(
        dict.fromkeys(map(ord, " -."))
    )


def kept_in(code: str) -> set[tuple[str, str]]:
    """Table and column of everything in the record that has the code, or five digits of it."""
    found = set()
    for model in our_models():
        for row in model._default_manager.values():
            for column, value in row.items():
                if isinstance(value, str) and column not in RANDOM and code[:5] in readable(value):
                    found.add((model.__name__, column))
    return found


def run(broker: FakeBroker) -> None:
    for task in broker.take():
        task.run()


def sent(broker: FakeBroker, wire: FakeGateway, *answers: Any) -> tuple[Message, str]:
    """A code on its way, answered so. Returns its message, read anew, and the code."""
    message = send_code(MOBILE, "sign-up")
    code = code_in(message)
    wire.answer(*(answer(code) if callable(answer) else answer for answer in answers))
    run(broker)
    message.refresh_from_db()
    return message, code


def refusal(number: int, writing: str) -> Callable[[str], dict[str, Any]]:
    return lambda code: {"code": number, "msg": quote(code, writing), "smsid": SMSID if number == 2 else "0"}


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize(
    ("number", "status"), [(2, "accepted"), (407, "rejected"), (4072, "rejected"), (4051, "queued"), (0, "queued")]
)
def test_the_gateways_words__that_quote_the_code__are_kept_without_it(
    wire: FakeGateway, broker: FakeBroker, writing: str, number: int, status: str
) -> None:
    message, code = sent(broker, wire, refusal(number, writing))
    assert (message.status, message.code) == (status, number)
    assert "不合规" in message.msg
    assert "138******00" in message.msg
    assert kept_in(code) - {("Message", "content")} == set()
    assert (("Message", "content") in kept_in(code)) is (status == "queued")


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize("delivered", [True, False])
def test_a_carriers_words__that_quote_the_code__are_kept_without_it(
    wire: FakeGateway, broker: FakeBroker, client: Client, writing: str, delivered: bool
) -> None:
    message, code = sent(broker, wire)
    push(client, "receipt", {**RECEIPT, "code": "2" if delivered else "0", "smsid": SMSID, "msg": quote(code, writing)})
    message.refresh_from_db()
    assert (message.status, Receipt.objects.get().message) == ("delivered" if delivered else "undelivered", message)
    for words in (message.receipt_msg, Receipt.objects.get().msg):
        assert "不合规" in words
        assert "138******00" in words
    assert kept_in(code) == set()


@pytest.mark.parametrize("writing", WRITINGS)
def test_a_receipt__that_comes_before_its_answer__is_kept_without_the_code(
    wire: FakeGateway, broker: FakeBroker, client: Client, writing: str
) -> None:
    message = send_code(MOBILE, "sign-up")
    code = code_in(message)
    seen: list[set[tuple[str, str]]] = []

    def carrier_is_first(form: dict[str, str]) -> None:
        push(client, "receipt", {**RECEIPT, "smsid": form["smsid"], "msg": quote(code, writing)})
        assert Receipt.objects.get().message is None
        seen.append(kept_in(code))

    wire.when_taken = carrier_is_first
    run(broker)
    message.refresh_from_db()
    assert (message.status, Receipt.objects.get().message) == ("delivered", message)
    assert seen == [{("Message", "content")}]
    assert kept_in(code) == set()


@pytest.mark.parametrize("writing", WRITINGS)
def test_a_receipt_of_an_unknown_message__that_quotes_the_code__is_kept_without_it(
    wire: FakeGateway, broker: FakeBroker, client: Client, writing: str
) -> None:
    message, code = sent(broker, wire, SubmittedCall((502, b"")))
    assert message.status == "unknown"
    push(client, "receipt", {**RECEIPT, "smsid": "999", "report_time": "", "msg": quote(code, writing)})
    message.refresh_from_db()
    assert message.status == "delivered"
    assert kept_in(code) == set()


@pytest.mark.parametrize("writing", WRITINGS)
def test_a_receipt_of_nobody__that_quotes_a_code__is_kept_without_it(client: Client, writing: str) -> None:
    push(client, "receipt", {**RECEIPT, "msg": quote("482913", writing)})
    receipt = Receipt.objects.get()
    assert receipt.message is None
    assert "不合规" in receipt.msg
    assert kept_in("482913") == set()


@pytest.mark.parametrize("status", ["DELIVRD", "MK:0001", "ID:0076", "UNDELIV", "空号"])
@pytest.mark.parametrize("category", ["verification", "notification"])
def test_a_carriers_status__is_kept_and_explained(client: Client, category: str, status: str) -> None:
    message = make_message(status="accepted", smsid=RECEIPT["smsid"], category=category, content="您好")
    push(client, "receipt", {**RECEIPT, "code": "0", "msg": status})
    push(client, "receipt", {**RECEIPT, "code": "0", "smsid": "999", "msg": status})
    message.refresh_from_db()
    assert message.receipt_msg == status
    assert list(Receipt.objects.values_list("msg", flat=True)) == [status, status]


def test_a_notices_receipt__that_quotes_the_text__is_kept_without_it(client: Client) -> None:
    message = make_message(status="accepted", smsid=RECEIPT["smsid"], content="王小明您好，您的订单 20261122 已发货")
    push(client, "receipt", {**RECEIPT, "code": "0", "msg": "失败【王小明您好，您的订单】，错误 10023"})
    message.refresh_from_db()
    assert message.receipt_msg == Receipt.objects.get().msg == "失败【•••••】，错误 10023"


@pytest.mark.parametrize("name", ["NotSentClient", "UncertainClient"])
def test_a_client_of_the_sites_own__whose_error_quotes_the_code__leaves_it_nowhere(
    settings: Settings, broker: FakeBroker, wire: FakeGateway, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "CLIENT": f"tests.privacy.quoting.{name}"}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account}}
    caplog.set_level(logging.DEBUG)
    message, code = sent(broker, wire)
    assert "did not get" in message.error
    assert kept_in(code) - {("Message", "content")} == set()
    assert code not in readable(caplog.text)
    assert MOBILE not in readable(caplog.text)


@pytest.mark.parametrize("kind", ["masked", "whole", "superuser"])
@pytest.mark.parametrize("writing", WRITINGS)
def test_rows__that_have_a_quoted_code__show_it_to_nobody(
    staff: StaffClient, settings: Settings, kind: str, writing: str
) -> None:
    """Also what was written past the package, such as before it took codes out."""
    open_api(settings)
    words = quote("482913", writing)
    states = {"status": "undelivered", "code": 2, "receipt_code": 0, "smsid": SMSID, "attempts": 1}
    message = make_message(category="verification", content="验证码：•••••", msg=words, receipt_msg=words, **states)
    rows: list[Model] = [message, make_receipt(message, msg=words, code=0), make_receipt(msg=words, code=0)]
    client = staff(kind, "export_messages") if kind != "masked" else staff(kind)
    urls = [url for row in rows for url in (list_url(type(row)), page_url(row), page_url(row, "history"))]
    for url in urls:
        assert "48291" not in readable(html(client, url)), url
    caller = Caller("view_message", *(["view_unmasked"] if kind != "masked" else []))
    for path in ("messages/", f"messages/{message.pk}/"):
        assert "48291" not in readable(caller.get(path).content.decode())


def test_an_export__of_a_row_that_has_a_quoted_code__does_not_have_it(client: Client) -> None:
    words = quote("482913", "full-width")
    make_message(category="verification", content="验证码：•••••", receipt_msg=words, status="undelivered", code=2)
    client.force_login(User.objects.create_superuser("boss"))
    answer = client.post(reverse("admin:django_ihuyi_message_export"), {"format": "csv", "texts": "yes"})
    exported = b"".join(answer).decode()
    assert "不合规" in exported
    assert "48291" not in readable(exported)


def test_the_account_page__after_words_that_quote_a_code__does_not_have_it(
    staff: StaffClient, wire: FakeGateway, broker: FakeBroker
) -> None:
    _message, code = sent(broker, wire, refusal(4051, "full-width"))
    state = AccountState.objects.get()
    assert state.paused_since is not None
    client = staff("masked")
    for url in (list_url(AccountState), page_url(state), list_url(Message)):
        page = html(client, url)
        assert code not in readable(page)
    assert "不合规" in html(client, page_url(state))


@pytest.mark.parametrize("category", ["notification", "marketing"])
def test_a_chunks_words__that_quote_a_number__are_kept_without_it(
    wire: FakeGateway, broker: FakeBroker, category: str
) -> None:
    wire.answer({"code": 2, "msg": "１３８００１３８０００ 提交成功", "smsid": SMSID})
    message = send_sms(MOBILE, "您好", category=category)
    run(broker)
    message.refresh_from_db()
    assert (message.status, message.msg) == ("accepted", "138******00 提交成功")
