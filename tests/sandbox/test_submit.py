"""Which code a request gets, over real HTTP."""

from __future__ import annotations

import pytest

from django_ihuyi.sandbox.options import OptionFields
from django_ihuyi.sandbox.segments import count_segments
from tests.sandbox.conftest import Customer, MakeCustomer

OPEN = "您的验证码是：1234。请不要把验证码泄露给其他人。"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, 2),
        ({"account": ""}, 401),
        ({"account": "", "password": "", "mobile": "", "content": ""}, 401),
        ({"password": ""}, 402),
        ({"mobile": ""}, 403),
        ({"content": ""}, 404),
        ({"content": " \n"}, 404),
        ({"account": "other"}, 405),
        ({"password": "wrong"}, 405),
        ({"password": "密码"}, 405),
        ({"mobile": "1371234567"}, 406),
        ({"mobile": "+8613712345678"}, 406),
        ({"mobile": "137 1234 5678"}, 406),
        ({"mobile": "12345678901"}, 406),
        ({"mobile": "１３７12345678"}, 406),
        ({"mobile": "13712345678,13712345679"}, 406),
        ({"content": "好😀"}, 4074),
        ({"content": "好☎\ufe0f"}, 4074),
        ({"content": "好® ☎ ♂"}, 2),
        ({"content": "【我的店】您好"}, 4070),
        ({"content": "长" * 301}, 4073),
        ({"content": "长" * 300}, 2),
        ({"templateid": "1", "content": "1234"}, 2),
        ({"templateid": "1", "content": "1234|5678"}, 4072),
        ({"templateid": "1", "content": "123456789"}, 40722),
        ({"templateid": "1", "content": "😀"}, 4074),
        ({"templateid": "99", "content": "1234"}, 4072),
        ({"templateid": "one", "content": "1234"}, 4072),
        ({"templateid": "9" * 30, "content": "1234"}, 4072),
        ({"templateid": ""}, 2),
        ({"content": "<b>&\"'</b>"}, 2),
    ],
)
def test_code(customer: Customer, fields: dict[str, str], code: int) -> None:
    answer = customer.submit(**{"mobile": "13712345678", "content": "您好"} | fields)

    assert answer["code"] == code
    assert answer["msg"]
    assert len(customer.sandbox.messages) == (code == 2)
    assert (answer["smsid"] == "0") == (code != 2)


def test_taken_message(customer: Customer) -> None:
    answer = customer.submit(mobile="13712345678", content="1234", templateid="1")

    [message] = customer.sandbox.messages
    assert (message.mobile, message.content, message.text) == ("13712345678", "1234", OPEN)
    assert (message.smsid, message.segments, message.count) == (answer["smsid"], 1, 1)
    assert len(message.smsid) == 20
    assert message.smsid.isdecimal()


def test_smsids_are_unique_across_a_reset(customer: Customer) -> None:
    first = customer.submit()["smsid"]
    customer.sandbox.reset()

    assert customer.submit()["smsid"] != first


@pytest.mark.parametrize(
    ("length", "parts"), [(0, 1), (1, 1), (64, 1), (65, 2), (128, 2), (129, 3), (195, 3), (196, 4), (300, 5)]
)
def test_segments(length: int, parts: int) -> None:
    """With the six characters of 【互亿无线】: 70, 71, 134, 135, 201, 202, 306."""
    assert count_segments("长" * length, "互亿无线") == parts


def test_balance_pays_for_segments(make_customer: MakeCustomer) -> None:
    customer = make_customer(balance=3)

    assert customer.submit("13712345601", "长" * 65)["code"] == 2
    assert customer.sandbox.balance == 1
    assert customer.submit("13712345602", "长" * 65)["code"] == 4051
    assert customer.submit("13712345603")["code"] == 2
    assert customer.submit("13712345604")["code"] == 4051
    customer.sandbox.balance = 1
    assert customer.submit("13712345605")["code"] == 2


def test_one_a_second(customer: Customer) -> None:
    assert [customer.submit(content=text)["code"] for text in ("一", "二")] == [2, 4080]
    assert customer.submit("13712345679")["code"] == 2
    customer.sandbox.state.history.number("13712345678", customer.sandbox.messages[0].taken_at).last -= 1
    assert customer.submit(content="三")["code"] == 2


@pytest.mark.parametrize(
    ("limit", "texts", "codes"),
    [
        ({"per_day": 2}, ["一", "二", "三"], [2, 2, 4082]),
        ({"codes_per_day": 2}, ["验证码1", "通知", "验证码2", "验证码3", "通知"], [2, 2, 2, 4085, 2]),
        ({"equal_per_minute": 2}, ["一", "一", "二", "一"], [2, 2, 2, 4083]),
        ({"equal_per_day": 2}, ["一", "一", "二", "一"], [2, 2, 2, 4084]),
    ],
)
def test_limits(make_customer: MakeCustomer, limit: OptionFields, texts: list[str], codes: list[int]) -> None:
    customer = make_customer(**{"one_a_second": False} | limit)

    assert [customer.submit(content=text)["code"] for text in texts] == codes
    assert customer.submit("13712345679", texts[0])["code"] == 2


def test_templates_by_text(make_customer: MakeCustomer) -> None:
    customer = make_customer(match_templates=True)
    texts = (OPEN, OPEN.replace("。", "."), "您好")

    codes = [customer.submit(f"1371234560{number}", text)["code"] for number, text in enumerate(texts)]

    assert codes == [2, 4072, 4072]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, 2),
        ({"account": ""}, 401),
        ({"password": ""}, 402),
        ({"password": "wrong"}, 405),
    ],
)
def test_get_num(customer: Customer, fields: dict[str, str], code: int) -> None:
    answer = customer.call("GetNum", format="json", **fields).json()

    assert answer == {"code": code, "msg": answer["msg"], "num": 10_000 if code == 2 else 0}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"content": "订单【变量】已发出。"}, 2),
        ({"content": ""}, 404),
        ({"content": "一", "account": ""}, 401),
        ({"content": "一", "password": ""}, 402),
        ({"content": "一", "account": "other"}, 405),
    ],
)
def test_add_template(customer: Customer, fields: dict[str, str], code: int) -> None:
    answer = customer.call("AddTemplate", format="json", **fields).json()

    assert answer == {"code": code, "msg": answer["msg"], "templateid": 1001 if code == 2 else 0}


def test_template_of_ones_own(customer: Customer) -> None:
    number = customer.call("AddTemplate", format="json", content="【变量】由【变量】发出").json()["templateid"]
    assert customer.submit(content="订单|顺丰", templateid=str(number))["code"] == 4072

    customer.sandbox.review_template(number, passed=True)

    assert customer.submit(content="订单|顺丰", templateid=str(number))["code"] == 2
    assert customer.sandbox.messages[0].text == "订单由顺丰发出"
    customer.sandbox.review_template(number, passed=False)
    assert customer.submit("13712345679", content="订单|顺丰", templateid=str(number))["code"] == 4072


@pytest.mark.parametrize(("code", "get_num"), [(4050, 4050), (400, 400), (4051, 2), (0, 2), (4999, 2)], ids=str)
def test_forced_code(customer: Customer, code: int, get_num: int) -> None:
    customer.sandbox.force(code)

    assert customer.submit()["code"] == code
    assert customer.call("GetNum", format="json").json()["code"] == get_num
    customer.sandbox.force(None)
    assert customer.submit()["code"] == 2


@pytest.mark.parametrize("code", [2, 1, 12345])
def test_force_knows_refusals_only(customer: Customer, code: int) -> None:
    with pytest.raises(ValueError, match="table"):
        customer.sandbox.force(code)
