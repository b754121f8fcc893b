"""Numbers that answer with a code, and numbers that misbehave, each on the socket."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import phonenumbers
import pytest

from django_ihuyi.gateway.result_codes import CODES, Retry, Scope, lookup
from django_ihuyi.sandbox import faults, response_writer
from django_ihuyi.sandbox.faults import FAULTS, ORDINARY, TEXTS, fault_of, magic_code
from django_ihuyi.sandbox.wire_format import FORM
from tests.sandbox.conftest import ACCOUNT, KEY, Customer, MakeCustomer, Site, eventually

REFUSALS = sorted(set(TEXTS) - {2})
FOLDER = Path(__file__).parents[2] / "docs"
DOCS = (FOLDER / "sandbox.md").read_text(encoding="utf-8")
CHINESE_DOCS = (FOLDER / "zh-hans" / "sandbox.md").read_text(encoding="utf-8")
NUMBERS = [f"138{code:08d}" for code in REFUSALS] + [f"1390000{fault:04d}" for fault in FAULTS]


Raw = Callable[..., http.client.HTTPResponse]


@pytest.fixture
def raw(customer: Customer) -> Iterator[Raw]:
    """Submit on a connection of its own and return the answer, unread."""
    with ExitStack() as stack:

        def submit(mobile: str, timeout: float = 5) -> http.client.HTTPResponse:
            connection = http.client.HTTPConnection(customer.sandbox.url.removeprefix("http://"), timeout=timeout)
            stack.callback(connection.close)
            fields = {"account": ACCOUNT, "password": KEY, "mobile": mobile, "content": "您好", "format": "json"}
            connection.request("POST", "/webservice/sms.php?method=Submit", urlencode(fields), {"Content-Type": FORM})
            return stack.enter_context(connection.getresponse())

        yield submit


def taken(customer: Customer) -> int:
    return len(customer.sandbox.messages)


@pytest.mark.parametrize("code", REFUSALS, ids=str)
def test_code_number(customer: Customer, code: int) -> None:
    answer = customer.submit(f"138{code:08d}")

    assert answer == {"code": code, "msg": TEXTS[code], "smsid": "0"}
    assert not taken(customer)


def test_every_documented_code_has_its_number() -> None:
    assert set(CODES) <= set(TEXTS)


@pytest.mark.parametrize(
    "mobile", ["13800000002", "13800138000", "13712344085", "13804080000", "13840850000", "13900004085", "13900000099"]
)
def test_ordinary_numbers(customer: Customer, mobile: str) -> None:
    assert magic_code(mobile) is None
    assert fault_of(mobile) is ORDINARY
    assert customer.submit(mobile)["code"] == 2


@pytest.mark.parametrize("mobile", NUMBERS)
def test_numbers_are_mainland_mobiles(mobile: str) -> None:
    number = phonenumbers.parse(mobile, "CN")

    assert phonenumbers.is_valid_number(number)
    assert phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE


def test_code_numbers_come_after_the_rules(customer: Customer) -> None:
    assert customer.submit("13800004085", password="wrong")["code"] == 405
    assert customer.submit("13800004085", "😀")["code"] == 4074


def pauses(code: int, always: str, second: str) -> str:
    """What a row of the table says of the pause of the account that a code brings at the site."""
    if lookup(code).retry is Retry.AFTER_FIX:
        return always
    return second if lookup(code).scope is Scope.CLOCK else ""


@pytest.mark.parametrize(
    ("docs", "words"), [(DOCS, ("yes", "the second time")), (CHINESE_DOCS, ("是", "第二次"))], ids=["en", "zh-hans"]
)
def test_docs_have_every_code_and_what_it_does_to_the_account(docs: str, words: tuple[str, str]) -> None:
    codes = [f"| 138{code:08d} | {code} | {TEXTS[code]} | {pauses(code, *words)} |" for code in REFUSALS]
    told = [line.replace("|  |", "| |") for line in codes]
    assert sorted(re.findall(r"^\| 138\d{8} .*$", docs, re.MULTILINE)) == sorted(told)


def test_docs_have_the_same_numbers_that_misbehave() -> None:
    misbehaving = [
        f"| 1390000{number:04d} | {'yes' if fault.takes else 'no'} | {fault.meaning} |"
        for number, fault in FAULTS.items()
    ]
    assert re.findall(r"^\| 1390000\d{4} .*$", DOCS, re.MULTILINE) == misbehaving


def test_slow(customer: Customer) -> None:
    started = time.monotonic()

    assert customer.submit("13900000001")["code"] == 2
    assert time.monotonic() - started >= 0.2


def test_hang_takes_and_never_answers(customer: Customer, raw: Raw) -> None:
    with pytest.raises(TimeoutError):
        raw("13900000002", timeout=0.2)
    assert taken(customer) == 1


@pytest.mark.parametrize(("mobile", "count"), [("13900000003", 0), ("13900000004", 1)])
def test_reset(customer: Customer, raw: Raw, mobile: str, count: int) -> None:
    with pytest.raises(ConnectionResetError):
        raw(mobile)
    assert taken(customer) == count


@pytest.mark.parametrize(
    ("mobile", "status", "count"), [("13900000005", 502, 0), ("13900000017", 500, 1), ("13900000018", 302, 0)]
)
def test_status(customer: Customer, raw: Raw, mobile: str, status: int, count: int) -> None:
    assert raw(mobile).status == status
    assert taken(customer) == count


def test_rubbish(customer: Customer) -> None:
    answer = customer.call("Submit", format="json", mobile="13900000006", content="您好")

    with pytest.raises(UnicodeDecodeError):
        answer.content.decode()
    assert taken(customer) == 1


def test_half_an_answer(customer: Customer, raw: Raw) -> None:
    answer = raw("13900000007")

    with pytest.raises(http.client.IncompleteRead):
        answer.read()
    assert taken(customer) == 1


@pytest.mark.parametrize(("mobile", "smsid"), [("13900000008", ""), ("13900000009", "0")])
def test_no_usable_smsid(customer: Customer, mobile: str, smsid: str) -> None:
    assert customer.submit(mobile) == {"code": 2, "msg": "提交成功", "smsid": smsid}
    assert len(customer.sandbox.messages[0].smsid) == 20


def test_fails_the_first_time(customer: Customer) -> None:
    texts = ("一", "二", "一", "三")

    assert [customer.submit("13900000015", text)["code"] for text in texts] == [0, 0, 2, 0]
    assert taken(customer) == 1


def test_fails_the_first_time_for_so_many(customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts beyond what is remembered fail until there is room again."""
    monkeypatch.setattr(faults, "FAILED_ONCE_KEPT", 1)

    assert [customer.submit("13900000015", text)["code"] for text in ("一", "二", "二", "一")] == [0, 0, 0, 2]


def test_fails_every_time(customer: Customer) -> None:
    assert [customer.submit("13900000016")["code"] for _ in range(3)] == [0, 0, 0]


def test_huge_answer(raw: Raw) -> None:
    assert len(raw("13900000019").read()) > 1024 * 1024


def test_dripping_answer(raw: Raw) -> None:
    answer = raw("13900000020")

    assert answer.read(1) == b"{"
    assert int(answer.headers["Content-Length"]) > 20


def test_dripping_answer_to_the_end(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_writer, "DRIP_PAUSE", 0)

    assert json.loads(raw("13900000020").read())["code"] == 2


@pytest.mark.parametrize("in_a_hurry", [False, True])
def test_close_without_a_word(customer: Customer, *, in_a_hurry: bool) -> None:
    body = urlencode({"account": ACCOUNT, "password": KEY, "mobile": "13900000021", "content": "您好"})
    head = (
        "POST /webservice/sms.php?method=Submit HTTP/1.1\r\nHost: a\r\n"
        f"Content-Type: {FORM}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    host, port = customer.sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as line:
        # A next request that is on its way by then is cut off, and counted.
        line.sendall((head + body).encode() * (2 if in_a_hurry else 1))
        answer = b"".join(iter(lambda: line.recv(4096), b""))

    assert answer.count(b"<code>2</code>") == 1
    assert b"Connection:" not in answer
    eventually(lambda: customer.sandbox.counts.get("cut_off", 0) == in_a_hurry)
    assert customer.sandbox.counts["taken"] == 1


def test_close_without_a_word_where_the_caller_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_writer, "LINGER", 0.01)
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rb") as rfile, ours.makefile("wb") as wfile:
        handler: Any = SimpleNamespace(connection=ours, rfile=rfile, wfile=wfile, close_connection=False)
        assert response_writer.close_silently(handler) is False
        assert handler.close_connection


@pytest.mark.parametrize(
    ("mobile", "asked", "start"),
    [
        ("13900000022", "json", "<?xml"),
        ("13900000022", "xml", '{"code":2,'),
        ("13900000023", "json", '<?xml version="1.0"?><!DOCTYPE'),
        ("13900000024", "json", '{"code":"2",'),
    ],
)
def test_odd_answers(customer: Customer, mobile: str, asked: str, start: str) -> None:
    assert customer.call("Submit", format=asked, mobile=mobile, content="您好").text.startswith(start)
    assert taken(customer) == 1


def test_submit__to_the_number_of_the_other_xml__is_answered_on_one_line(customer: Customer) -> None:
    text = customer.call("Submit", mobile="13900000025", content="您好").text

    smsid = customer.sandbox.messages[0].smsid
    assert text.partition("\n")[2] == (
        f'<SubmitResult xmlns="106.ihuyi.com"><code>2</code><msg>提交成功</msg><smsid>{smsid}</smsid></SubmitResult>'
    )


@pytest.mark.parametrize(
    ("mobile", "receipts"),
    [
        ("13712345678", [("2", "DELIVRD")]),
        ("13900000008", [("2", "DELIVRD")]),
        ("13900000010", [("2", "DELIVRD")]),
        ("13900000011", [("0", "UNDELIV")]),
        ("13900000013", [("2", "DELIVRD"), ("2", "DELIVRD")]),
        ("13900000014", [("2", "DELIVRD"), ("0", "UNDELIV")]),
        ("13900000026", [("0", "UNDELIV"), ("2", "DELIVRD")]),
        ("13900000027", [("2", "DELIVRD")]),
        ("13900000035", [("0", "MK:0001")]),
    ],
)
def test_receipts(make_customer: MakeCustomer, site: Site, mobile: str, receipts: list[tuple[str, str]]) -> None:
    customer = make_customer(**site.options)

    customer.submit(mobile)
    if mobile == "13900000010":
        assert len(site.pushes) == 1, "before the answer"
    eventually(lambda: len(site.pushes) == len(receipts))

    assert [(fields["code"], fields["msg"]) for _, fields in site.pushes] == receipts
    assert {fields["smsid"] for _, fields in site.pushes} == {customer.sandbox.messages[0].smsid}
    state = "delivered" if receipts[-1][0] == "2" else "undelivered"
    eventually(lambda: customer.sandbox.messages[0].receipt == "acknowledged")
    assert (customer.sandbox.messages[0].state, customer.sandbox.messages[0].word) == (state, receipts[-1][1])


def test_never_a_receipt(make_customer: MakeCustomer, site: Site) -> None:
    customer = make_customer(**site.options)

    customer.submit("13900000012")
    customer.submit("13712345678")
    eventually(lambda: site.pushes)

    assert [fields["mobilephone"] for _, fields in site.pushes] == ["13712345678"]
    assert (customer.sandbox.messages[0].state, customer.sandbox.messages[0].receipt) == ("accepted", "never")


def test_answers_by_itself(make_customer: MakeCustomer, site: Site) -> None:
    customer = make_customer(**site.options)

    smsid = customer.submit("13900000028")["smsid"]
    eventually(lambda: len(site.pushes) == 2)

    [reply] = [fields for path, fields in site.pushes if path == "/reply/"]
    assert (reply["content"], reply["mobilephone"], reply["smsid"]) == ("TD", "13900000028", smsid)


def test_every_fault_has_a_test() -> None:
    """The numbers of the table that this file does not name differ in the receipt's word only."""
    source = Path(__file__).read_text(encoding="utf-8")
    unnamed = [fault for number, fault in FAULTS.items() if f"1390000{number:04d}" not in source]

    assert all("the receipt says failed" in fault.meaning for fault in unnamed)
