"""International SMS and voice codes as the stand-in speaks them, and what the package's own client makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from django_ihuyi.gateway import Client
from django_ihuyi.sandbox.products import of_phone
from tests.sandbox.conftest import ACCOUNT, KEY, Customer, MakeCustomer, Site, eventually

ISMS, VOICE = "/webservice/isms.php", "/webservice/voice.php"
SUBMITS: list[tuple[str, str, dict[str, str], int]] = [
    ("a text abroad", ISMS, {"mobile": "1 4155550123", "content": "Hello"}, 2),
    ("a mainland number abroad", ISMS, {"mobile": "86 13800138000", "content": "Hello"}, 406),
    ("eleven digits abroad", ISMS, {"mobile": "13800138000", "content": "Hello"}, 406),
    ("the country code split wrong", ISMS, {"mobile": "14 155550123", "content": "Hello"}, 406),
    ("a country that there is not", ISMS, {"mobile": "999 155550123", "content": "Hello"}, 406),
    ("a fixed line abroad", ISMS, {"mobile": "39 0212345678", "content": "Hello"}, 406),
    ("a template abroad", ISMS, {"mobile": "1 4155550123", "content": "1234", "templateid": "1"}, 4072),
    ("an emoji abroad", ISMS, {"mobile": "1 4155550123", "content": "Hello 😀"}, 4074),
    ("a call", VOICE, {"mobile": "13712345678", "content": "1234"}, 2),
    ("a call with too many digits", VOICE, {"mobile": "13712345678", "content": "1234567"}, 4072),
    ("a call with a text", VOICE, {"mobile": "13712345678", "content": "您好"}, 4072),
    ("a call abroad", VOICE, {"mobile": "1 4155550123", "content": "1234"}, 406),
    ("a call without a number", VOICE, {"mobile": "", "content": "1234"}, 403),
]


def ask(customer: Customer, path: str, method: str = "Submit", **fields: str) -> dict[str, Any]:
    value: dict[str, Any] = customer.call(method, path=path, format="json", **fields).json()
    return value


@pytest.mark.parametrize(("path", "fields", "code"), [row[1:] for row in SUBMITS], ids=[row[0] for row in SUBMITS])
def test_submit(customer: Customer, path: str, fields: dict[str, str], code: int) -> None:
    answer = ask(customer, path, **fields)
    assert answer["code"] == code
    id_field = "ismsid" if path == ISMS else "voiceid"
    assert set(answer) == {"code", "msg", id_field}
    assert (answer[id_field] != "0") is (code == 2)
    assert len(customer.sandbox.messages) == (code == 2)


def test_what_is_kept_and_charged(customer: Customer) -> None:
    ask(customer, ISMS, mobile="852 91234567", content="a" * 65)
    ask(customer, VOICE, mobile="13712345678", content="1234")
    abroad, call = customer.sandbox.messages
    assert (abroad.mobile, abroad.product, abroad.segments) == ("+85291234567", "international", 2)
    assert (call.mobile, call.product, call.segments, call.text) == ("13712345678", "voice", 1, "1234")
    assert customer.sandbox.state.balances == {"sms": 10_000, "international": 9_998, "voice": 9_999}
    shown = customer.get("/sandbox/messages").json()["messages"]
    assert [one["product"] for one in shown] == ["international", "voice"]


@pytest.mark.parametrize(("path", "method"), [(ISMS, "AddTemplate"), (VOICE, "AddTemplate")])
def test_methods_that_a_product_has_not(customer: Customer, path: str, method: str) -> None:
    assert customer.call(method, path=path, content="您好").status_code == 404


def test_each_product_has_a_balance_of_its_own(customer: Customer) -> None:
    assert customer.post("/sandbox/balance", {"balance": 1, "product": "international"}).json() == {"balance": 1}
    assert ask(customer, ISMS, "GetNum")["num"] == "1.00"
    assert ask(customer, VOICE, "GetNum") == {"code": 2, "msg": "查询成功", "num": 10_000}
    assert ask(customer, "/webservice/sms.php", "GetNum")["num"] == 10_000
    assert ask(customer, ISMS, mobile="852 91234567", content="a" * 65)["code"] == 4051
    assert customer.post("/sandbox/balance", {"balance": 1, "product": "fax"}).status_code == 400


def test_receipts_and_replies_from_abroad(make_customer: MakeCustomer, site: Site) -> None:
    customer = make_customer(**site.options)
    number = ask(customer, ISMS, mobile="1 4155550123", content="Hello")["ismsid"]
    eventually(lambda: len(site.pushes) == 1)
    path, receipt = site.pushes[0]
    assert path == "/receipt/"
    assert (receipt["ismsid"], receipt["mobilephone"], receipt["code"]) == (number, "1 4155550123", "2")
    assert "smsid" not in receipt
    customer.sandbox.reply("+14155550123", "STOP")
    eventually(lambda: len(site.pushes) == 2)
    assert (site.pushes[1][1]["ismsid"], site.pushes[1][1]["mobilephone"]) == (number, "1 4155550123")


def test_a_call_has_no_receipt_and_a_reply_answers_no_call(make_customer: MakeCustomer, site: Site) -> None:
    customer = make_customer(**site.options)
    ask(customer, VOICE, mobile="13712345678", content="1234")
    assert customer.sandbox.messages[0].receipt == "never"
    customer.sandbox.reply("13712345678", "你好")
    eventually(lambda: len(site.pushes) == 1)
    assert "smsid" not in site.pushes[0][1]


def test_numbers_abroad_misbehave_as_those_at_home(make_customer: MakeCustomer, site: Site) -> None:
    customer = make_customer(**site.options)
    assert ask(customer, ISMS, mobile="1 2025550116", content="Hello")["code"] == 0
    assert ask(customer, ISMS, mobile="1 2025550108", content="Hello")["ismsid"] == ""
    assert ask(customer, ISMS, mobile="1 2025550111", content="Hello")["code"] == 2
    eventually(lambda: any(fields["msg"] == "UNDELIV" for _path, fields in site.pushes))


@pytest.mark.parametrize("wrong", ["", "12", "+1415", "86 13800138000", "+8613800138000", "4155550123"])
def test_a_phone_is_a_mobile_number(customer: Customer, wrong: str) -> None:
    with pytest.raises(ValueError, match="mobile number"):
        of_phone(wrong)
    assert customer.post("/sandbox/reply", {"mobile": wrong, "content": "STOP"}).status_code == 400


@pytest.mark.parametrize("dynamic_password", [True, False])
@pytest.mark.parametrize("answers_in", ["json", "xml"])
def test_the_packages_client_speaks_both(customer: Customer, answers_in: str, dynamic_password: bool) -> None:
    options: dict[str, Any] = {"format": answers_in, "dynamic_password": dynamic_password}
    for product, mobile, content in (("international", "+14155550123", "Hello"), ("voice", "13712345678", "1234")):
        client = Client(ACCOUNT, KEY, base_url=customer.sandbox.base_url_of(product), product=product, **options)
        result = client.submit(mobile, content)
        assert (result.code, result.smsid) == (2, customer.sandbox.messages[-1].smsid)
        if product == "international":
            assert client.get_balance() == 9_999
