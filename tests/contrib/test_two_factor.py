"""The gateway, with django-two-factor-auth's own pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from two_factor.plugins.phonenumber.models import PhoneDevice
from two_factor.signals import user_verified

from django_ihuyi import send_code
from django_ihuyi.contrib.two_factor import Gateway, token_entered
from django_ihuyi.exceptions import CodeThrottled, InvalidMessage
from django_ihuyi.models import AccountState, Message
from django_ihuyi.verification.models import VerificationCode
from tests.verification.code_text import MOBILE, code_in
from tests.verification.conftest import Configure

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.contrib.urls")]
PASSWORD = "tea-and-cake-9"
LOG_IN = "/account/login/"


@pytest.fixture(autouse=True)
def _noting() -> Iterator[None]:
    user_verified.connect(token_entered)
    yield
    user_verified.disconnect(token_entered)


@pytest.fixture
def device() -> Any:
    user = get_user_model().objects.create_user("somebody", password=PASSWORD)
    return PhoneDevice.objects.create(user=user, name="default", number="+8613800138000", method="sms")


def give_password(client: Client) -> Any:
    fields = {"auth-username": "somebody", "auth-password": PASSWORD, "login_view-current_step": "auth"}
    return client.post(LOG_IN, fields, REMOTE_ADDR="203.0.113.7")


def give_token(client: Client, token: str) -> Any:
    return client.post(LOG_IN, {"token-otp_token": token, "login_view-current_step": "token"})


def test_the_hosts_log_in_sends_and_takes_the_token(client: Client, device: Any) -> None:
    assert give_password(client).status_code == 200
    text = Message.objects.get()
    assert (text.mobile, text.category) == (MOBILE, "verification")
    assert VerificationCode.objects.get().address == "203.0.113.7"
    assert give_token(client, code_in(text)).status_code == 302
    assert client.session["otp_device_id"] == device.persistent_id
    assert VerificationCode.objects.get().entered_at is not None


def test_the_hosts_set_up_registers_a_number(client: Client) -> None:
    client.force_login(get_user_model().objects.create_user("somebody"))
    path, step = "/account/two_factor/setup/", "setup_view-current_step"
    client.post(path, {step: "welcome"})
    client.post(path, {step: "method", "method-method": "sms"})
    client.post(path, {step: "sms", "sms-number": "+86 138 0013 8000"})
    token = code_in(Message.objects.get())
    assert client.post(path, {step: "validation", "validation-token": token}).status_code == 302
    assert PhoneDevice.objects.get().number.as_e164 == "+8613800138000"


def test_a_number_of_the_sites_own_region_needs_no_country_code(client: Client, settings: Settings) -> None:
    settings.PHONENUMBER_DEFAULT_REGION = "CN"
    client.force_login(get_user_model().objects.create_user("somebody"))
    path, step = "/account/two_factor/setup/", "setup_view-current_step"
    client.post(path, {step: "welcome"})
    client.post(path, {step: "method", "method-method": "sms"})
    client.post(path, {step: "sms", "sms-number": "138 0013 8000"})
    assert Message.objects.get().mobile == MOBILE


def test_a_second_request_in_a_moment_uses_the_token_that_was_sent(client: Client, device: Any) -> None:
    give_password(client)
    assert give_password(Client()).status_code == 200
    assert Message.objects.count() == 1


def test_a_stranger_does_not_take_the_tokens_away(client: Client, device: Any, configure: Configure) -> None:
    configure(INTERVAL=0, PURPOSES={"two-factor": {"CAPTCHA": "never"}})
    for _ in range(3):
        send_code(MOBILE, "sign-up")
    with pytest.raises(CodeThrottled):
        send_code(MOBILE, "sign-up")
    assert [give_password(Client()).status_code for _ in range(3)] == [200, 200, 429]


def test_another_limit_is_a_page_that_says_so(client: Client, device: Any, configure: Configure) -> None:
    configure(INTERVAL=0, NUMBER_PER_DAY=1)
    give_password(client)
    answer = give_password(Client())
    assert (answer.status_code, answer.headers["Retry-After"].isdigit()) == (429, True)
    assert "No code can be sent now." in answer.content.decode()


def test_log_in__while_the_account_is_paused__is_a_page_that_says_so(client: Client, device: Any) -> None:
    AccountState.objects.pause("default", code=4051, msg="", clock_offset=None, now=timezone.now())
    answer = give_password(client)
    assert (answer.status_code, answer.headers["Retry-After"].isdigit()) == (503, True)
    assert "No code can be sent now." in answer.content.decode()
    assert not Message.objects.exists()


def test_a_captcha_that_the_settings_ask_for_and_the_host_does_not_show_is_a_page_too(
    client: Client, device: Any, configure: Configure
) -> None:
    configure(CAPTCHA="django_ihuyi.contrib.simple_captcha.check", CAPTCHA_WHEN="always")
    answer = give_password(client)
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, False)
    configure(
        CAPTCHA="django_ihuyi.contrib.simple_captcha.check",
        CAPTCHA_WHEN="always",
        PURPOSES={"two-factor": {"CAPTCHA": "never"}},
    )
    assert give_password(client).status_code == 200
    assert Message.objects.count() == 1


def test_other_errors_are_not_hidden_behind_that_page(client: Client, device: Any) -> None:
    PhoneDevice.objects.update(number="+12025550123")
    with pytest.raises(InvalidMessage):
        give_password(client)


def test_it_works_without_a_request(device: Any) -> None:
    Gateway().send_sms(device, "012345")
    assert code_in(Message.objects.get()) == "012345"


def test_a_device_without_a_number_is_nothing_to_note() -> None:
    token_entered(device=object(), sender=None)
    assert not VerificationCode.objects.exists()
