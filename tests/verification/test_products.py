"""Codes by voice and to numbers abroad: sent, checked, and within the same limits."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi import offer_code, send_code, send_sms, verify_code
from django_ihuyi.exceptions import CodeThrottled, InvalidMessage, ThrottleReason
from django_ihuyi.models import Message
from django_ihuyi.verification import abuse_detection
from django_ihuyi.verification.codes import send_external_code
from django_ihuyi.verification.models import CodeQuota, Suspicion, VerificationCode
from django_ihuyi.verification.rate_limits import prefix_subject

from .code_text import MOBILE, PURPOSE, code_in
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
        send_external_code(MOBILE, PURPOSE, "12345678", account="voice")
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


def test_one_country_does_not_get_what_the_whole_site_gets() -> None:
    sent, refused = 0, set()
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        for index in range(200):
            clock.move_to(start + timedelta(seconds=15 * index))
            try:
                # Another number, prefix and client each time.
                send_code(f"+23276{index:03}123", PURPOSE, ip=f"2001:db8:{index:x}::1", account="abroad")
            except CodeThrottled as error:
                refused.add(error.reason)
            else:
                sent += 1
    assert (sent, refused) == (50, {ThrottleReason.COUNTRY})
    assert send_code(ABROAD, PURPOSE, account="abroad").status == "queued"
    assert send_code(MOBILE, PURPOSE).status == "queued"


@pytest.mark.parametrize(
    ("options", "wait"),
    [({"COUNTRY_PER_HOUR": 1}, 3660), ({"COUNTRY_PER_HOUR": None, "COUNTRY_PER_DAY": 1}, 86_400 + 1440)],
    ids=["an hour", "a day"],
)
def test_a_country_has_limits_of_its_own(configure: Configure, options: dict[str, Any], wait: int) -> None:
    configure(**options)
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False):
        send_code(ABROAD, PURPOSE, account="abroad")
        with pytest.raises(CodeThrottled) as caught:
            send_code("+12025550123", PURPOSE, account="abroad")
    assert (caught.value.reason, caught.value.retry_after) == (ThrottleReason.COUNTRY, wait)
    assert send_code("+85291234567", PURPOSE, account="abroad").status == "queued"


NOT_FOR_CODES = [
    "+881612345678", "+870773123456", "+88213123456789", "+88241123456",  # satellites, and networks of no country
    "+979123456789", "+19005550123", "+4487123456",  # premium
]  # fmt: skip


@pytest.mark.parametrize("number", NOT_FOR_CODES)
@pytest.mark.parametrize(
    "call", [send_code, partial(offer_code, known=False), partial(send_external_code, code="1234")]
)
def test_no_code_goes_to_a_satellite_or_a_premium_number(call: Any, number: str) -> None:
    with pytest.raises(InvalidMessage) as caught:
        call(number, PURPOSE, account="abroad")
    assert caught.value.code == 406
    assert not VerificationCode.objects.exists()


def test_a_message_that_is_no_code_may_go_to_a_satellite() -> None:
    assert send_sms("+881612345678", "Your order is on its way.", account="abroad").mobile == "+881612345678"


def test_an_account_sends_to_its_countries_only(settings: Settings) -> None:
    accounts = settings.IHUYI["ACCOUNTS"]
    settings.IHUYI = {
        **settings.IHUYI,
        "ACCOUNTS": {**accounts, "abroad": {**accounts["abroad"], "COUNTRIES": ["852"]}},
    }
    for call in (partial(send_code, purpose=PURPOSE), partial(send_sms, content="Your order is on its way.")):
        with pytest.raises(InvalidMessage) as caught:
            call(ABROAD, account="abroad")
        assert (caught.value.code, "COUNTRIES" in caught.value.reason) == (406, True)
    assert not Message.objects.exists()
    assert send_code("+852 9123 4567", PURPOSE, account="abroad").mobile == "+85291234567"
    assert send_code(MOBILE, PURPOSE).mobile == MOBILE


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
    abuse_detection.evaluate(now)
    assert Suspicion.objects.standing().filter(subject="prefix:+1415555").exists()
