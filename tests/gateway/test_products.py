"""The products: their numbers, their texts, and what a client sends and reads for each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_ihuyi.conf import AccountSettings
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.gateway import Client, SubmitRefused, SubmitResult, Uncertain
from django_ihuyi.gateway.mobile_numbers import country_and_number
from django_ihuyi.gateway.products import INTERNATIONAL, PRODUCTS, SMS, VOICE, Product, get_product

from .socket_server import StandIn, answers

Start = Callable[..., StandIn]
KEY = "1q784322ba1d9bb88d50cf5cdfd89k7d"
LIMITS = AccountSettings(account="cf_x", api_key="k", signature="互亿无线")

NUMBERS: list[tuple[Product, str, str]] = [
    (SMS, "+86 138 0013 8000", "13800138000"),
    (VOICE, "138-0013-8000", "13800138000"),
    (INTERNATIONAL, "+1 415 555 0123", "+14155550123"),
    (INTERNATIONAL, "001 (415) 555-0123", "+14155550123"),
    (INTERNATIONAL, "＋８５２ ９１２３４５６７", "+85291234567"),
    (INTERNATIONAL, "+886 912 345 678", "+886912345678"),
    (INTERNATIONAL, " +44 7911 123456 ", "+447911123456"),
    (INTERNATIONAL, "+39 347 123 4567", "+393471234567"),
]


@pytest.mark.parametrize(("product", "written", "kept"), NUMBERS, ids=[f"{row[0].name} {row[1]}" for row in NUMBERS])
def test_numbers_have_one_form(product: Product, written: str, kept: str) -> None:
    assert product.normalize(written) == kept
    assert product.normalize(kept) == kept
    assert product.parse(product.normalize(written)) == kept


WRONG_NUMBERS: list[tuple[Product, object, int]] = [
    (INTERNATIONAL, "", 403),
    (INTERNATIONAL, None, 403),
    (INTERNATIONAL, "13800138000", 406),  # China has accounts of its own
    (INTERNATIONAL, "+86 138 0013 8000", 406),
    (INTERNATIONAL, "13055550123", 406),  # in China, as it is written
    (INTERNATIONAL, "1 4155550123", 406),  # the wire's writing, and no person's
    (INTERNATIONAL, "+1 415", 406),
    (INTERNATIONAL, "+39 02 1234 5678", 406),  # a fixed line
    (INTERNATIONAL, "+999 123456789", 406),
    (INTERNATIONAL, "+1 415 555 0123 ext. 5", 406),
    (INTERNATIONAL, "+1415555O123", 406),
    (INTERNATIONAL, "+" + "1" * 500, 406),
    (SMS, "+1 415 555 0123", 406),
    (VOICE, "", 403),
    (VOICE, "+852 9123 4567", 406),
    (VOICE, "010-62345678", 406),
]


@pytest.mark.parametrize(("product", "written", "code"), WRONG_NUMBERS)
def test_numbers_that_a_product_does_not_reach(product: Product, written: object, code: int) -> None:
    with pytest.raises(InvalidMessage) as caught:
        product.normalize(written)
    assert caught.value.code == code
    assert not set("0123456789") & set(caught.value.reason)


@given(st.one_of(st.text(), st.from_regex(r"(\+|00)[1-9][0-9 -]{5,17}", fullmatch=True)))
def test_anything_is_e164_or_refused(text: str) -> None:
    number = INTERNATIONAL.parse(text)
    if number is not None:
        assert number[0] == "+"
        assert number[1:].isascii()
        assert number[1:].isdecimal()
        assert len(number) <= 16
        assert INTERNATIONAL.parse(number) == number
        assert SMS.parse(number) is None


PUSHED = [
    (INTERNATIONAL, "1 4155550123", "+14155550123"),
    (INTERNATIONAL, "14155550123", "+14155550123"),
    (INTERNATIONAL, "+14155550123", "+14155550123"),
    (INTERNATIONAL, "0014155550123", "+14155550123"),
    (INTERNATIONAL, "852 91234567", "+85291234567"),
    (INTERNATIONAL, "something else", None),
    (INTERNATIONAL, "4155550123 ", None),
    (VOICE, "8613800138000", "13800138000"),
]


@pytest.mark.parametrize(("product", "pushed", "kept"), PUSHED)
def test_numbers_in_pushes(product: Product, pushed: str, kept: str | None) -> None:
    assert product.from_wire(pushed) == kept


@pytest.mark.parametrize(
    ("kept", "written"),
    [("+14155550123", "1 4155550123"), ("+85291234567", "852 91234567"), ("+393471234567", "39 3471234567")],
)
def test_numbers_on_the_wire(kept: str, written: str) -> None:
    assert INTERNATIONAL.to_wire(kept) == written


@pytest.mark.parametrize("wrong", ["13800138000", "", "+"])
def test_a_number_that_is_not_from_the_record_has_no_form_on_the_wire(wrong: str) -> None:
    with pytest.raises(ValueError, match="country code") as caught:
        country_and_number(wrong)
    assert not set("0123456789") & set(str(caught.value))


VOICE_TEXTS = [
    ("four digits", "1234", None),
    ("six digits", "012345", None),
    ("nothing", "", 404),
    ("none", None, 404),
    ("three digits", "123", 4072),
    ("seven digits", "1234567", 4072),
    ("a text", "您的验证码是：1234。", 4072),
    ("full-width digits", "１２３４", 4072),
    ("a line's end", "1234\n", 4072),
]


@pytest.mark.parametrize(("content", "code"), [row[1:] for row in VOICE_TEXTS], ids=[row[0] for row in VOICE_TEXTS])
def test_texts_of_a_call(content: str | None, code: int | None) -> None:
    if code is None:
        assert VOICE.check_text(content, LIMITS) == content
        assert VOICE.count_segments(str(content), LIMITS) == 1
        return
    with pytest.raises(InvalidMessage) as caught:
        VOICE.check_text(content, LIMITS)
    assert caught.value.code == code


def test_international_texts_are_checked_as_those_of_sms() -> None:
    assert INTERNATIONAL.check_text("【互亿无线】Hello", LIMITS) == "Hello"
    with pytest.raises(InvalidMessage) as caught:
        INTERNATIONAL.check_text("Hello 😀", LIMITS)
    assert caught.value.code == 4074
    assert [INTERNATIONAL.count_segments("a" * length, LIMITS) for length in (64, 65)] == [1, 2]


def test_what_is_submitted_for_a_code() -> None:
    said = {name: product.code_text("123456", "Your code: 123456") for name, product in PRODUCTS.items()}
    assert said == {"sms": "Your code: 123456", "international": "Your code: 123456", "voice": "123456"}


def test_products_are_found_by_name() -> None:
    assert get_product("voice") is VOICE
    with pytest.raises(ValueError, match="'sms', 'international', 'voice'"):
        get_product("fax")


@pytest.mark.parametrize(
    ("product", "mobile", "content", "id_field", "written"),
    [
        ("international", "+14155550123", "Hello", "ismsid", "1 4155550123"),
        ("voice", "13800138000", "1234", "voiceid", "13800138000"),
    ],
)
def test_submit(stand_in: Start, product: str, mobile: str, content: str, id_field: str, written: str) -> None:
    server = stand_in(answers(f'{{"code":2,"msg":"ok","{id_field}":"15870246956696820530"}}'.encode()))
    result = Client("I1", KEY, base_url=server.url, product=product).submit(mobile, content)
    assert result == SubmitResult(code=2, msg="ok", smsid="15870246956696820530")
    (request,) = server.requests
    assert request.line.startswith("POST /webservice/sms.php?method=Submit ")
    form = request.form
    assert form["mobile"] == written
    assert form["content"] == content
    assert "templateid" not in form
    assert form["password"] == hashlib.md5(f"I1{KEY}{written}{content}{form['time']}".encode()).hexdigest()


def test_addresses() -> None:
    assert Client("I1", KEY, product="international").base_url == "https://api.isms.ihuyi.com/webservice/isms.php"
    assert Client("V1", KEY, product="voice").base_url == "https://api.voice.ihuyi.com/webservice/voice.php"
    assert Client("S1", KEY).base_url == "https://106.ihuyi.com/webservice/sms.php"


@pytest.mark.parametrize(
    ("num", "yuan"),
    [('"12.34"', 12), ("12.34", 12), ("12", 12), ('"0"', 0), ('"-0.5"', -1)],
)
def test_a_balance_in_yuan_is_rounded_down(stand_in: Start, num: str, yuan: int) -> None:
    server = stand_in(answers(f'{{"code":2,"msg":"ok","num":{num}}}'.encode()))
    assert Client("I1", KEY, base_url=server.url, product="international").get_balance() == yuan


@pytest.mark.parametrize("num", ['"much"', "true", "null", '"1e9"', '"12.34 yuan"', "1e30"])
def test_a_balance_in_yuan_that_cannot_be_read(stand_in: Start, num: str) -> None:
    server = stand_in(answers(f'{{"code":2,"msg":"ok","num":{num}}}'.encode()))
    with pytest.raises(Uncertain, match="num"):
        Client("I1", KEY, base_url=server.url, product="international").get_balance()


def test_a_balance_in_yuan_that_is_refused(stand_in: Start) -> None:
    server = stand_in(answers(b'{"code":405,"msg":"no","num":0}'))
    with pytest.raises(SubmitRefused):
        Client("I1", KEY, base_url=server.url, product="international").get_balance()


def test_what_a_product_has_not_is_never_asked_for(stand_in: Start) -> None:
    server = stand_in(answers())
    voice = Client("V1", KEY, base_url=server.url, product="voice")
    with pytest.raises(ValueError, match="'voice' has no GetNum"):
        voice.get_balance()
    with pytest.raises(ValueError, match="'voice' has no AddTemplate"):
        voice.add_template("您的验证码是：【变量】。")
    with pytest.raises(ValueError, match="no templates"):
        voice.submit("13800138000", "1234", template=1)
    assert server.requests == []
