"""Codes by voice and to numbers abroad: sent, checked, and within the same limits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_ihuyi import send_code, verify_code
from django_ihuyi.exceptions import CodeThrottled, InvalidMessage, ThrottleReason
from django_ihuyi.models import CodeQuota, Message, Suspicion, VerificationCode
from django_ihuyi.verification import watch
from django_ihuyi.verification.issuing import send_given_code
from django_ihuyi.verification.policy import prefix_subject

from .codes import MOBILE, PURPOSE, code_in
from .conftest import Configure

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_products")]
ABROAD = "+14155550123"


def test_a_code_by_voice_is_its_digits() -> None:
    message = send_code(MOBILE, PURPOSE, account="voice")
    assert (message.account, message.category, message.mobile) == ("voice", "verification", MOBILE)
    assert message.content == code_in(message)
    assert len(message.content) == 6
    assert verify_code(MOBILE, PURPOSE, message.content)
    assert not verify_code(MOBILE, PURPOSE, message.content)


@pytest.mark.parametrize("account", ["voice", "abroad"])
def test_a_purposes_template_is_for_products_that_have_some(configure: Configure, account: str) -> None:
    configure(PURPOSES={PURPOSE: {"TEMPLATE": 1, "TEXT": "Code: {code}"}})
    message = send_code(ABROAD if account == "abroad" else MOBILE, PURPOSE, account=account)
    code = code_in(message)
    assert (message.template, message.content) == ("", code if account == "voice" else f"Code: {code}")


def test_the_code_is_gone_from_the_record_once_it_was_called() -> None:
    message = send_code(MOBILE, PURPOSE, account="voice")
    message.claim(now=timezone.now(), lease=timedelta(seconds=60))
    message.accept(code=2, msg="ok", smsid="1234567890", now=timezone.now())
    assert not set("0123456789") & set(Message.objects.get(pk=message.pk).content)


def test_limits_are_the_numbers_whichever_account_sends() -> None:
    send_code(MOBILE, PURPOSE)
    with pytest.raises(CodeThrottled) as caught:
        send_code(MOBILE, PURPOSE, account="voice")
    assert caught.value.reason is ThrottleReason.INTERVAL


def test_a_code_abroad(configure: Configure) -> None:
    configure(TEXT="Your code: {code}")
    message = send_code("+1 (415) 555-0123", PURPOSE, account="abroad")
    assert message.mobile == ABROAD
    assert verify_code("0014155550123", PURPOSE, code_in(message))
    with pytest.raises(CodeThrottled):
        send_code(ABROAD, PURPOSE, account="abroad")


def test_a_number_abroad_is_none_for_the_other_accounts() -> None:
    for account in ("default", "voice"):
        with pytest.raises(InvalidMessage) as caught:
            send_code(ABROAD, PURPOSE, account=account)
        assert caught.value.code == 406
    assert not VerificationCode.objects.exists()


def test_a_given_code_that_no_call_can_say_leaves_nothing_behind() -> None:
    with pytest.raises(InvalidMessage) as caught:
        send_given_code(MOBILE, PURPOSE, "12345678", account="voice")
    assert caught.value.code == 4072
    assert not VerificationCode.objects.exists()
    assert not CodeQuota.objects.exists()


def test_a_prefix_abroad_has_a_limit_as_one_in_china_has(configure: Configure) -> None:
    configure(PREFIX_PER_HOUR=1)
    assert prefix_subject(ABROAD) == "prefix:+1415555"
    assert prefix_subject(MOBILE) == "prefix:1380013"
    send_code(ABROAD, PURPOSE, account="abroad")
    with pytest.raises(CodeThrottled) as caught:
        send_code("+14155559876", PURPOSE, account="abroad")
    assert caught.value.reason is ThrottleReason.PREFIX


def test_the_watch_sees_prefixes_abroad() -> None:
    now = timezone.now()
    for line in range(40):
        VerificationCode.objects.create(
            mobile=f"+141555501{line:02}",
            purpose=PURPOSE,
            nonce="0" * 32,
            length=6,
            created_at=now - timedelta(minutes=10),
            expires_at=now,
        )
    watch.look(now)
    assert Suspicion.objects.standing().filter(subject="prefix:+1415555").exists()
