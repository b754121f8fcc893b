"""Arguments of a wrong type: the public functions say which one it is, and record nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy
from phonenumber_field.phonenumber import PhoneNumber

from django_ihuyi import offer_code, send_bulk, send_code, send_sms, verify_code
from django_ihuyi.exceptions import ArgumentTypeError, InvalidMessage
from django_ihuyi.models import Batch, Message, OptOut
from django_ihuyi.testing import latest_code
from django_ihuyi.verification.codes import mark_entered, send_external_code
from django_ihuyi.verification.models import VerificationCode
from tests.fakes import FakeBroker

pytestmark = pytest.mark.django_db(transaction=True)

MOBILE = "13800138000"
CONTENT = {"content": "您好"}

WRONG: list[tuple[str, Callable[..., object], tuple[Any, ...], dict[str, Any]]] = [
    ("mobile", send_sms, (13800138000.0, "您好"), {}),
    ("content", send_sms, (MOBILE, 42), {}),
    ("content", send_sms, (MOBILE, "您好".encode()), {}),
    ("template", send_sms, (MOBILE,), {"template": True}),
    ("template", send_sms, (MOBILE,), {"template": 1.0}),
    ("params", send_sms, (MOBILE,), {"template": 1, "params": 42}),
    ("params", send_sms, (MOBILE,), {"template": 1, "params": b"1234"}),
    ("params", send_sms, (MOBILE,), {"template": 1, "params": {"1234", "5"}}),
    ("Variable 2", send_sms, (MOBILE,), {"template": 1, "params": ["1234", b"5"]}),
    ("category", send_sms, (MOBILE, "您好"), {"category": None}),
    ("account", send_sms, (MOBILE, "您好"), {"account": ["default"]}),
    ("idempotency_key", send_sms, (MOBILE, "您好"), {"idempotency_key": 42}),
    ("idempotency_key", send_sms, (MOBILE, "您好"), {"idempotency_key": b"order-7"}),
    ("send_at", send_sms, (MOBILE, "您好"), {"send_at": "2026-01-01"}),
    ("send_at", send_sms, (MOBILE, "您好"), {"send_at": date(2026, 1, 1)}),
    ("expires_at", send_sms, (MOBILE, "您好"), {"expires_at": timedelta(minutes=5)}),
    ("metadata", send_sms, (MOBILE, "您好"), {"metadata": [("order", 7)]}),
    ("messages", send_bulk, (MOBILE,), CONTENT),
    ("messages", send_bulk, ({"mobile": MOBILE},), CONTENT),
    ("messages", send_bulk, (7,), CONTENT),
    ("batch_size", send_bulk, ([MOBILE],), {**CONTENT, "batch_size": "100"}),
    ("batch_size", send_bulk, ([MOBILE],), {**CONTENT, "batch_size": True}),
    ("content", send_bulk, ([MOBILE],), {"content": 42}),
    ("params", send_bulk, ([MOBILE],), {"template": 1, "params": 42}),
    ("template", send_bulk, ([MOBILE],), {"template": 1.5}),
    ("category", send_bulk, ([MOBILE],), {**CONTENT, "category": 1}),
    ("account", send_bulk, ([MOBILE],), {**CONTENT, "account": None}),
    ("idempotency_key", send_bulk, ([MOBILE],), {**CONTENT, "idempotency_key": 42}),
    ("metadata", send_bulk, ([MOBILE],), {**CONTENT, "metadata": "x"}),
    ("send_at", send_bulk, ([MOBILE],), {**CONTENT, "send_at": 1700000000}),
    ("mobile", send_code, (b"13800138000", "sign-up"), {}),
    ("purpose", send_code, (MOBILE, None), {}),
    ("ip", send_code, (MOBILE, "sign-up"), {"ip": 3405803783}),
    ("account", send_code, (MOBILE, "sign-up"), {"account": 1}),
    ("mobile", offer_code, ([MOBILE], "log-in"), {"known": False}),
    ("purpose", offer_code, (MOBILE, 7), {"known": False}),
    ("mobile", send_external_code, ({}, "otp", "1234"), {}),
    ("code", send_external_code, (MOBILE, "otp", 1234), {}),
    ("mobile", verify_code, (13800138000.0, "sign-up", "123456"), {}),
    ("purpose", verify_code, (MOBILE, None, "123456"), {}),
    ("code", verify_code, (MOBILE, "sign-up", 123456), {}),
    ("code", verify_code, (MOBILE, "sign-up", b"123456"), {}),
    ("mobile", mark_entered, (1.5, "otp"), {}),
]


@pytest.mark.parametrize(
    ("name", "function", "arguments", "keywords"),
    WRONG,
    ids=[f"{function.__name__} {name} {index}" for index, (name, function, *_rest) in enumerate(WRONG)],
)
def test_public_function__with_an_argument_of_a_wrong_type__names_it_and_records_nothing(
    broker: FakeBroker,
    name: str,
    function: Callable[..., object],
    arguments: tuple[Any, ...],
    keywords: dict[str, Any],
) -> None:
    called = "The mobile number" if name == "mobile" else name
    with pytest.raises(ArgumentTypeError, match=rf"^{called} is of the type \w+: it must be ") as caught:
        function(*arguments, **keywords)
    assert "1380" not in str(caught.value)
    assert not any(model._default_manager.exists() for model in (Message, Batch, VerificationCode))


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ((13800138000.0, "您好"), 406),
        ((float("nan"), "您好"), 406),
        ((None, "您好"), 403),
        ({"mobile": b"13800138000"}, 406),
        ({"mobile": True}, 406),
        (13800138000.0, 406),
        (None, 403),
        ((MOBILE, 42), 404),
        ({"mobile": MOBILE, "template": 1, "params": 5}, 404),
        ({"mobile": MOBILE, "template": 1, "params": [b"1"]}, 404),
        ({"mobile": MOBILE, "template": 1, "params": [None]}, 404),
    ],
)
def test_send_bulk__with_a_row_of_a_wrong_type__refuses_that_row_only(broker: FakeBroker, row: Any, code: int) -> None:
    result = send_bulk(["13900139000", row, "13700137000"], content="您好")
    assert [(refused.index, refused.code) for refused in result.refused] == [(1, code)]
    assert result.recorded == Message.objects.count() == 2
    assert "1380" not in result.refused[0].reason


def test_send_bulk__with_a_key_of_a_wrong_type_in_a_row__says_in_which(broker: FakeBroker) -> None:
    with pytest.raises(TypeError, match="Message 1: idempotency_key is of the type int: it must be a text"):
        send_bulk([(MOBILE, "您好"), {"mobile": MOBILE, "content": "您好", "idempotency_key": 42}])


@pytest.mark.parametrize(
    "mobile", [13800138000, PhoneNumber.from_string("+8613800138000"), SimpleLazyObject(lambda: MOBILE)]
)
def test_number__of_another_type__is_the_same_number_everywhere(ihuyi_outbox: Any, mobile: Any) -> None:
    assert send_sms(mobile, "您好").mobile == MOBILE
    assert send_bulk([mobile, (mobile, "再见")], content="您好").recorded == 2
    assert set(Message.objects.values_list("mobile", flat=True)) == {MOBILE}
    send_code(mobile, "sign-up")
    assert verify_code(mobile, "sign-up", latest_code(mobile))


@pytest.mark.parametrize(
    "mobile", [13800138000, PhoneNumber.from_string("+8613800138000"), "+86 138 0013 8000", "\u202d13800138000\u202c"]
)
def test_opt_out__of_a_number_in_another_form__holds(broker: FakeBroker, mobile: Any) -> None:
    waiting = send_sms(MOBILE, "您好", category="marketing")
    OptOut.objects.create(mobile=mobile)
    waiting.refresh_from_db()
    assert waiting.status == "cancelled"
    with pytest.raises(InvalidMessage, match="opted out"):
        send_sms(MOBILE, "您好", category="marketing")


@pytest.mark.parametrize("mobile", ["95588", "138******00#0123456789abcdef0123"])
def test_opt_out__of_what_is_no_number__stays_as_it_came(mobile: str) -> None:
    assert OptOut.objects.create(mobile=mobile).mobile == mobile


def test_texts__that_are_lazy__are_texts(broker: FakeBroker) -> None:
    key: Any = SimpleLazyObject(lambda: "order-7")
    content: Any = gettext_lazy("Your order")
    message = send_sms(
        MOBILE,
        content,
        idempotency_key=key,
        category=Message.Category.MARKETING,
        send_at=timezone.now() + timedelta(hours=1),
        metadata={"order": 7},
    )
    message.refresh_from_db()
    assert (message.content, message.idempotency_key, message.category) == ("Your order", "order-7", "marketing")


@pytest.mark.parametrize(("mobile", "code"), [(None, "123456"), (MOBILE, None), (MOBILE, ""), ("", "123456")])
def test_verify_code__without_a_number_or_code__is_false(mobile: str | None, code: str | None) -> None:
    assert verify_code(mobile, "sign-up", code) is False
