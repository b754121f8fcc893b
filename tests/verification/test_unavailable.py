"""An account that is paused: no code goes out, everybody is told the same, and nothing is spent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from captcha.models import CaptchaStore
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from time_machine import TimeMachineFixture

from django_ihuyi import offer_code, send_code, send_sms, verify_code
from django_ihuyi.exceptions import CodeThrottled
from django_ihuyi.models import AccountState, Message
from django_ihuyi.tasks import submit_message
from django_ihuyi.verification.codes import send_external_code
from django_ihuyi.verification.models import CodeQuota, VerificationCode
from tests.fakes import FakeBroker, FakeGateway

from .code_text import MOBILE, PURPOSE, code_in
from .conftest import Configure
from .pages import KNOWN

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]

OTHER = "13900139000"
CHECK = "django_ihuyi.contrib.simple_captcha.check"

CALLS: dict[str, Callable[..., Message]] = {
    "send_code": send_code,
    "offer_code to a known number": partial(offer_code, known=True),
    "offer_code to another": partial(offer_code, known=False),
    "send_external_code": partial(send_external_code, code="123456"),
}


def pause(account: str = "default", code: int | None = 4051) -> None:
    AccountState.objects.pause(account, code=code, msg="", clock_offset=None, now=timezone.now())


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("code", [4051, 405, None], ids=["no credit", "wrong key", "no answer"])
@pytest.mark.parametrize(
    "options", [{}, {"TEST_NUMBERS": [MOBILE]}, {"DRY_RUN": True}], ids=["plain", "test", "dry run"]
)
def test_code__while_the_account_is_paused__is_refused_and_spends_nothing(
    configure: Configure,
    broker: FakeBroker,
    time_machine: TimeMachineFixture,
    call: Callable[..., Message],
    code: int | None,
    options: dict[str, object],
) -> None:
    configure(CAPTCHA="tests.verification.test_unavailable.never_asked", CAPTCHA_WHEN="always", **options)
    time_machine.move_to("2026-03-05T12:00:00+08:00", tick=False)
    pause(code=code)
    time_machine.shift(10)
    with CaptureQueriesContext(connection) as queries, pytest.raises(CodeThrottled) as caught:
        call(MOBILE, PURPOSE, ip="203.0.113.7", captcha="right")
    assert (caught.value.reason, caught.value.retry_after, caught.value.status) == ("unavailable", 20, 503)
    assert len(queries) == 1
    assert broker.take() == []
    assert not any(model._default_manager.exists() for model in (Message, VerificationCode, CodeQuota))


def never_asked(answer: object, *, purpose: str, ip: str | None) -> bool:
    raise AssertionError("A captcha was used up.")


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_code__while_another_account_is_paused__is_sent(call: Callable[..., Message]) -> None:
    pause("second")
    assert call(MOBILE, PURPOSE).pk


def test_code__when_the_account_is_to_be_tried_again__is_the_probe(
    wire: FakeGateway, broker: FakeBroker, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to("2026-03-05T12:00:00+08:00", tick=False)
    older = send_sms(OTHER, "您好")
    wire.answer(4051)
    for published in broker.take():
        published.run()
    time_machine.shift(29)
    with pytest.raises(CodeThrottled) as caught:
        send_code(MOBILE, PURPOSE)
    assert caught.value.retry_after == 1
    time_machine.shift(1)
    # Still at fault: the code was the probe, and the next request waits for the next one.
    wire.answer(4051)
    probe = send_code(MOBILE, PURPOSE)
    for published in broker.take():
        published.run()
    assert [form["mobile"] for form in wire.forms] == [OTHER, MOBILE]
    with pytest.raises(CodeThrottled) as caught:
        send_code(OTHER, PURPOSE)
    assert caught.value.retry_after == 60
    # Well again: the code goes out, and the account is open for all.
    time_machine.shift(60)
    code = send_code(OTHER, PURPOSE)
    typed = code_in(code)
    for published in broker.take():
        published.run()
    code.refresh_from_db()
    assert (code.status, AccountState.objects.get().paused_since) == ("accepted", None)
    assert verify_code(OTHER, PURPOSE, typed)
    assert send_code("13700137000", PURPOSE).status == "queued"
    for message in (older, probe):
        message.refresh_from_db()
        assert message.status == "queued"
        submit_message(message.pk)
        message.refresh_from_db()
        assert message.status == "accepted"


@pytest.mark.parametrize("use_tz", [True, False])
def test_code__where_the_next_probe_is_further_ahead_than_it_can_be__is_sent(settings: Settings, use_tz: bool) -> None:
    settings.USE_TZ = use_tz
    pause()
    AccountState.objects.update(probe_at=timezone.now() + timedelta(minutes=9))
    with pytest.raises(CodeThrottled):
        send_code(MOBILE, PURPOSE)
    AccountState.objects.update(probe_at=timezone.now() + timedelta(hours=3))
    assert send_code(MOBILE, PURPOSE).status == "queued"
    AccountState.objects.update(probe_at=None)
    assert send_code(OTHER, PURPOSE).status == "queued"


@pytest.mark.urls("tests.verification.pages")
@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "No code can be sent now. Please try again later."), ("zh-hans", "暂时无法发送验证码，请稍后再试。")],
)
def test_pages__while_the_account_is_paused__say_so_to_everybody(
    client: Client, configure: Configure, language: str, text: str
) -> None:
    configure(CAPTCHA=CHECK, CAPTCHA_WHEN="always")
    pause()
    captcha = CaptchaStore.objects.get(hashkey=CaptchaStore.generate_key())
    solved = {"captcha_0": captcha.hashkey, "captcha_1": captcha.response}
    seen = []
    for mobile in (KNOWN, OTHER):
        fields = {"mobile": mobile, "send_code": "1", **solved}
        for kind in ("application/json", "text/html"):
            answer = client.post("/closed/", fields, headers={"accept": kind, "accept-language": language})
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
            assert text in (answer.json()["text"] if "json" in kind else answer.content.decode())
            if "json" in kind:
                # The captcha on the page stays as it is, and is right when the person tries again.
                seen.append(answer.json())
    assert seen[0] == seen[1]
    assert (seen[0]["sent"], seen[0]["retry_after"], seen[0]["captcha"]) == (False, 30, None)
    assert CaptchaStore.objects.filter(pk=captcha.pk).exists()
    AccountState.objects.resume("default")
    assert client.post("/closed/", {"mobile": KNOWN, "send_code": "1", **solved}).status_code == 200
    assert Message.objects.get().status == "queued"
