"""The captcha hook: when it is asked for, and whose answers count."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from captcha.models import CaptchaStore
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi import offer_code, send_code
from django_ihuyi.contrib import simple_captcha
from django_ihuyi.exceptions import CaptchaRequired, CodeThrottled, ThrottleReason
from django_ihuyi.models import Message
from django_ihuyi.verification.captcha import captcha_required
from django_ihuyi.verification.models import Suspicion

from .code_text import MOBILE, PURPOSE
from .conftest import Configure

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]

IP = "203.0.113.7"
asked: list[tuple[object, str, str | None]] = []


def only_right(answer: object, *, purpose: str, ip: str | None) -> bool:
    asked.append((answer, purpose, ip))
    return answer == "right"


CAPTCHA = f"{__name__}.only_right"


@pytest.fixture(autouse=True)
def nobody_asked() -> None:
    asked.clear()


@pytest.mark.parametrize("call", [send_code, partial(offer_code, known=False)])
def test_always(configure: Configure, call: Any) -> None:
    configure(CAPTCHA=CAPTCHA, CAPTCHA_WHEN="always")
    assert captcha_required(PURPOSE, IP)
    for answer in (None, "wrong"):
        with pytest.raises(CaptchaRequired) as caught:
            call(MOBILE, PURPOSE, ip=IP, captcha=answer)
        assert isinstance(caught.value, CodeThrottled)
        assert (caught.value.reason, caught.value.retry_after) == (ThrottleReason.CAPTCHA, 0)
        assert "captcha" in str(caught.value)
    assert not Message.objects.exists()
    assert call(MOBILE, PURPOSE, ip=IP, captcha="right").pk
    assert asked == [("wrong", PURPOSE, IP), ("right", PURPOSE, IP)]


WHEN: list[tuple[str, dict[str, Any], str | None, int, bool]] = [
    ("no captcha", {"CAPTCHA": None, "CAPTCHA_WHEN": "always"}, IP, 9, False),
    ("never", {"CAPTCHA_WHEN": "never"}, IP, 9, False),
    ("address under the threshold", {}, IP, 2, False),
    ("address over the threshold", {}, IP, 3, True),
    ("another address", {}, "203.0.113.8", 3, False),
    ("no address", {}, None, 3, False),
    ("site under the threshold", {"CAPTCHA_SITE_AFTER": 4}, None, 3, False),
    ("site over the threshold", {"CAPTCHA_SITE_AFTER": 3}, None, 3, True),
    ("from the first", {"CAPTCHA_ADDRESS_AFTER": 0}, IP, 0, True),
    ("this purpose always", {"PURPOSES": {PURPOSE: {"CAPTCHA": "always"}}}, IP, 0, True),
    ("this purpose never", {"CAPTCHA_WHEN": "always", "PURPOSES": {PURPOSE: {"CAPTCHA": "never"}}}, IP, 9, False),
    ("another purpose", {"PURPOSES": {"log-in": {"CAPTCHA": "always"}}}, IP, 0, False),
]


@pytest.mark.parametrize(("options", "ip", "sent", "wanted"), [row[1:] for row in WHEN], ids=[row[0] for row in WHEN])
def test_when(configure: Configure, options: dict[str, Any], ip: str | None, sent: int, wanted: bool) -> None:
    for index in range(sent):
        send_code(f"1380013800{index}", "other", ip=IP)
    configure(**{"CAPTCHA": CAPTCHA, **options})
    assert captcha_required(PURPOSE, ip) is wanted
    if wanted:
        with pytest.raises(CaptchaRequired):
            send_code("13900139000", PURPOSE, ip=ip)
    else:
        assert send_code("13900139000", PURPOSE, ip=ip).status == "queued"


def test_an_ipv6_network_has_five_times_the_threshold(configure: Configure) -> None:
    configure(CAPTCHA=CAPTCHA, CAPTCHA_ADDRESS_AFTER=1)
    wanted = []
    for index in range(6):
        ip = f"2001:db8:1:{index:x}::1"
        wanted.append(captcha_required(PURPOSE, ip))
        send_code(f"1380013800{index}", PURPOSE, ip=ip, captcha="right")
    assert wanted == [False] * 5 + [True]
    assert not captcha_required(PURPOSE, "2001:db8:2::1")


@pytest.mark.parametrize(("subject", "wanted"), [("site", True), (f"address:{IP}", True), ("address:1.2.3.4", False)])
def test_where_bombing_is_suspected(configure: Configure, subject: str, wanted: bool) -> None:
    configure(CAPTCHA=CAPTCHA)
    Suspicion.objects.suspect(subject, sent=9, entered=0, now=timezone.now())
    assert captcha_required(PURPOSE, IP) is wanted


def store(**values: Any) -> Any:
    later = timezone.now() + timedelta(minutes=5)
    return CaptchaStore.objects.create(challenge="ABCD", response="abcd", **{"expiration": later, **values})


@pytest.mark.parametrize(("typed", "right"), [("abcd", True), (" ABCD ", True), ("abce", False), ("", False)])
def test_simple_captcha(configure: Configure, typed: str, right: bool) -> None:
    configure(CAPTCHA="django_ihuyi.contrib.simple_captcha.check", CAPTCHA_WHEN="always")
    answer = (store().hashkey, typed)
    if right:
        assert send_code(MOBILE, PURPOSE, captcha=answer).status == "queued"
    with pytest.raises(CaptchaRequired):
        send_code("13900139000", PURPOSE, captcha=answer)
    assert CaptchaStore.objects.exists() == (typed == "")


@pytest.mark.parametrize("answer", [("", "abcd"), ("nobody's", "abcd"), "abcd", ("a", "b", "c"), 7])
def test_simple_captcha_with_rubbish(answer: object) -> None:
    store()
    assert not simple_captcha.check(answer, purpose=PURPOSE, ip=None)


def test_simple_captcha_too_late() -> None:
    row = store(expiration=timezone.now())
    assert not simple_captcha.check((row.hashkey, "abcd"), purpose=PURPOSE, ip=None)


def test_simple_captcha_in_its_own_test_mode(settings: Settings) -> None:
    assert not simple_captcha.check(("x", "PASSED"), purpose=PURPOSE, ip=None)
    settings.CAPTCHA_TEST_MODE = True
    assert simple_captcha.check(("x", "PASSED"), purpose=PURPOSE, ip=None)
