"""``send_code``: the text, the code, a resend, and wrong input."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from django_ihuyi import send_code, verify_code
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.models import Message
from django_ihuyi.tasks import submit_message
from django_ihuyi.verification.models import CodeQuota, VerificationCode
from tests.fakes import FakeBroker, FakeGateway

from .code_text import MOBILE, PURPOSE, code_in
from .conftest import Configure

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]

OTHER = "13900139000"
IP = "203.0.113.7"


def test_what_is_recorded(broker: FakeBroker) -> None:
    message = send_code("+86 138-0013-8000", PURPOSE, ip=IP)
    row = VerificationCode.objects.get()
    assert message.content == f"您的验证码是：{row.derive()}。请不要把验证码泄露给其他人。"
    assert (message.mobile, message.category, message.status) == (MOBILE, "verification", "queued")
    assert message.expires_at == row.expires_at == row.created_at + timedelta(minutes=5)
    assert (row.mobile, row.purpose, row.address, row.message, row.decoy) == (
        MOBILE,
        PURPOSE,
        IP,
        message,
        False,
    )
    assert len(row.derive()) == 6
    assert broker.take_pks() == [message.pk]


TEXTS: list[tuple[str, dict[str, Any], str, str]] = [
    ("text for all", {"TEXT": "码{code}"}, "", "码{code}"),
    ("minutes", {"TEXT": "{code}，{minutes}分钟", "LIFETIME": 601}, "", "{code}，11分钟"),
    ("text of the purpose", {"PURPOSES": {PURPOSE: {"TEXT": "注册{code}"}}}, "", "注册{code}"),
    ("another purpose's", {"TEXT": "码{code}", "PURPOSES": {"log-in": {"TEXT": "登录{code}"}}}, "", "码{code}"),
    ("template", {"PURPOSES": {PURPOSE: {"TEMPLATE": 1}}}, "1", "{code}"),
    (
        "template with minutes",
        {"PURPOSES": {PURPOSE: {"TEMPLATE": "7", "PARAMS": ["{code}", "{minutes}"]}}},
        "7",
        "{code}|5",
    ),
    ("length", {"TEXT": "{code}", "CODE_LENGTH": 8}, "", "{code}"),
]


@pytest.mark.parametrize(("options", "template", "content"), [row[1:] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_texts(configure: Configure, options: dict[str, Any], template: str, content: str) -> None:
    configure(**options)
    message = send_code(MOBILE, PURPOSE)
    code = VerificationCode.objects.get().derive()
    assert len(code) == options.get("CODE_LENGTH", 6)
    assert (message.template, message.content) == (template, content.format(code=code))


def test_codes_are_not_alike(configure: Configure) -> None:
    rows = [
        VerificationCode(mobile=mobile, purpose=purpose, nonce=nonce, length=6)
        for mobile in (MOBILE, OTHER)
        for purpose in ("sign-up", "log-in")
        for nonce in (f"{number:032x}" for number in range(250))
    ]
    codes = [row.derive() for row in rows]
    assert len(set(codes)) > 990
    for digit in range(6):
        assert {code[digit] for code in codes} == set("0123456789")


def test_a_code_expires_instead_of_going_out_late(wire: FakeGateway) -> None:
    message = send_code(MOBILE, PURPOSE)
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        submit_message(message.pk)
    message.refresh_from_db()
    assert message.status == "expired"
    assert wire.forms == []


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"mobile": "021 6277 0000"}, InvalidMessage, "eleven digits"),
        ({"purpose": ""}, ValueError, "1 to 32"),
        ({"purpose": "p" * 33}, ValueError, "1 to 32"),
        ({"ip": "nonsense"}, ValueError, "no IPv4 or IPv6 address"),
        ({"account": "shop"}, ImproperlyConfigured, "'shop'"),
    ],
    ids=["number", "empty purpose", "long purpose", "address", "account"],
)
def test_wrong_input_spends_nothing(arguments: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        send_code(**{"mobile": MOBILE, "purpose": PURPOSE, **arguments})
    assert not Message.objects.exists()
    assert not CodeQuota.objects.exists()


def test_a_text_that_cannot_be_sent_spends_nothing(configure: Configure) -> None:
    configure(TEXT="【别家】{code}")
    with pytest.raises(InvalidMessage):
        send_code(MOBILE, PURPOSE)
    configure()
    assert send_code(MOBILE, PURPOSE).status == "queued"


def test_rolled_back_is_not_sent_and_not_spent(broker: FakeBroker) -> None:
    with transaction.atomic():
        send_code(MOBILE, PURPOSE)
        transaction.set_rollback(True)
    assert broker.take() == []
    assert send_code(MOBILE, PURPOSE).status == "queued"


# Resending


def test_a_resend_makes_a_new_code_and_the_old_one_is_dead(configure: Configure) -> None:
    configure(INTERVAL=0)
    first, second = code_in(send_code(MOBILE, PURPOSE)), code_in(send_code(MOBILE, PURPOSE))
    assert first == second or not verify_code(MOBILE, PURPOSE, first)
    assert verify_code(MOBILE, PURPOSE, second)


def test_a_resend_repeats_the_code_where_the_site_says_so(configure: Configure) -> None:
    configure(REPEAT_CODE=True)
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        first = send_code(MOBILE, PURPOSE)
        code = code_in(first)
        clock.shift(200)
        second = send_code(MOBILE, PURPOSE)
        assert code_in(second) == code
        assert second.pk != first.pk
        row = VerificationCode.objects.get()
        assert (row.sends, row.message, row.expires_at) == (2, second, second.expires_at)
        assert code_in(send_code(OTHER, PURPOSE)) != code
        clock.shift(200)
        assert verify_code(MOBILE, PURPOSE, code)
        assert code_in(send_code(MOBILE, PURPOSE)) != code


@pytest.mark.parametrize("end", ["entered", "tried out", "too old", "other length"])
def test_what_is_over_is_not_repeated(configure: Configure, end: str) -> None:
    configure(REPEAT_CODE=True, INTERVAL=0)
    first = send_code(MOBILE, PURPOSE)
    row = VerificationCode.objects.get()
    changes: dict[str, dict[str, Any]] = {
        "entered": {"entered_at": timezone.now()},
        "tried out": {"tries": 5},
        "too old": {"expires_at": timezone.now()},
        "other length": {"length": 4},
    }
    VerificationCode.objects.update(**changes[end])
    send_code(MOBILE, PURPOSE)
    again = VerificationCode.objects.first()
    assert again is not None
    assert again.nonce != row.nonce
    assert first.pk != again.message_id
