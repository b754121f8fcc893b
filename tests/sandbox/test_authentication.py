"""The dynamic password of PROTOCOL 1, computed here a second time."""

from __future__ import annotations

import hashlib
import time

import pytest
import time_machine

from django_ihuyi.sandbox.authentication import dynamic_password, refusal
from tests.sandbox.conftest import ACCOUNT, KEY, Customer, MakeCustomer

PUBLISHED = ("test", "1q784322ba1d9bb88d50cf5cdfd89k7d", "1451544941")


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def test_published_check() -> None:
    account, key, moment = PUBLISHED
    password = md5("test1q784322ba1d9bb88d50cf5cdfd89k7d1451544941")
    assert dynamic_password(*PUBLISHED) == password
    form = {"account": account, "password": password, "time": moment}

    with time_machine.travel(1451544941, tick=False):
        assert refusal(form, account, key) is None
    assert refusal(form, account, key) == 40501


@pytest.mark.parametrize(("offset", "code"), [(0, 2), (-290, 2), (290, 2), (-310, 40501), (310, 40501)], ids=str)
def test_clock(customer: Customer, offset: int, code: int) -> None:
    moment = str(int(time.time()) + offset)
    password = md5(f"{ACCOUNT}{KEY}13712345678您好{moment}")

    assert customer.submit(password=password, time=moment)["code"] == code


@pytest.mark.parametrize("mistake", ["other text", "upper case", "no number", "get_num"])
def test_wrong_dynamic_password(customer: Customer, mistake: str) -> None:
    moment = str(int(time.time()))
    password = {
        "other text": md5(f"{ACCOUNT}{KEY}13712345678你好{moment}"),
        "upper case": md5(f"{ACCOUNT}{KEY}13712345678您好{moment}").upper(),
        "no number": md5(f"{ACCOUNT}{KEY}您好{moment}"),
        "get_num": md5(f"{ACCOUNT}{KEY}{moment}"),
    }[mistake]

    assert customer.submit(password=password, time=moment)["code"] == 40502


@pytest.mark.parametrize(
    ("password", "moment", "code"),
    [
        ("0" * 32, "", 405),
        ("wrong", "now", 405),
        ("0" * 32, "now", 40502),
        ("0" * 32, "soon", 40501),
        ("0" * 32, "9" * 40, 40501),
        (KEY, "1", 2),
    ],
    ids=["no time", "no digest", "wrong digest", "no number", "huge", "plain key"],
)
def test_which_refusal(customer: Customer, password: str, moment: str, code: int) -> None:
    moment = str(int(time.time())) if moment == "now" else moment

    assert customer.submit(password=password, time=moment)["code"] == code


def test_get_num(customer: Customer) -> None:
    moment = str(int(time.time()))

    for parts, code in ((f"{ACCOUNT}{KEY}{moment}", 2), (f"{ACCOUNT}{moment}", 40502)):
        assert customer.call("GetNum", format="json", password=md5(parts), time=moment).json()["code"] == code


@pytest.mark.parametrize(("content", "code"), [("", 2), ("模板", 2), ("其他", 40502)])
def test_add_template(customer: Customer, content: str, code: int) -> None:
    moment = str(int(time.time()))
    password = md5(f"{ACCOUNT}{KEY}{content}{moment}")

    answer = customer.call("AddTemplate", format="json", content="模板", password=password, time=moment)

    assert answer.json()["code"] == code


@pytest.mark.parametrize(
    ("method", "password", "moment", "code"),
    [
        ("AddTemplate", md5(KEY), "", 2),
        ("AddTemplate", md5(KEY), "now", 40502),
        ("AddTemplate", md5("other"), "", 405),
        ("Submit", md5(KEY), "", 405),
        ("GetNum", md5(KEY), "", 405),
    ],
)
def test_md5_of_the_key__without_time__is_a_password_of_add_template(
    customer: Customer, method: str, password: str, moment: str, code: int
) -> None:
    moment = str(int(time.time())) if moment else ""
    fields = {"mobile": "13712345678", "content": "您好", "password": password, "time": moment}

    assert customer.call(method, format="json", **fields).json()["code"] == code


@pytest.mark.parametrize("method", ["Submit", "GetNum", "AddTemplate"])
@pytest.mark.parametrize(
    ("account", "password", "code"),
    [("cf_shop", md5(KEY), 2), ("cf_shop", KEY, 2), ("cf_shop", md5("other"), 405), ("shop_cf_", md5(KEY), 405)],
)
def test_md5_of_the_key__of_an_old_account__is_a_password_of_each_method(
    make_customer: MakeCustomer, method: str, account: str, password: str, code: int
) -> None:
    customer = make_customer(account=account)
    fields = {"mobile": "13712345678", "content": "您好", "account": account, "password": password}

    answer = customer.call(method, format="json", **fields).json()["code"]

    assert answer == (2 if method == "AddTemplate" and password == md5(KEY) else code)
