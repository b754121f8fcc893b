"""The device, with django-otp's own functions and log-in form."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp import devices_for_user, verify_token
from django_otp.forms import OTPAuthenticationForm

from django_ihuyi import send_code
from django_ihuyi.contrib.otp.models import SmsDevice
from django_ihuyi.exceptions import CodeThrottled, InvalidMessage
from django_ihuyi.models import AccountState, Message
from django_ihuyi.verification.models import VerificationCode
from tests.verification.code_text import MOBILE, another, code_in
from tests.verification.conftest import Configure

pytestmark = pytest.mark.django_db
PASSWORD = "tea-and-cake-9"


@pytest.fixture
def user() -> Any:
    return get_user_model().objects.create_user("somebody", password=PASSWORD)


@pytest.fixture
def device(user: Any) -> Any:
    return SmsDevice.objects.create(user=user, name="phone", mobile="+86 138 0013 8000")


def log_in(**fields: str) -> OTPAuthenticationForm:
    return OTPAuthenticationForm(None, {"username": "somebody", "password": PASSWORD, **fields})


def test_the_hosts_log_in_form_sends_and_takes_the_code(user: Any, device: Any) -> None:
    challenge = log_in(otp_device=device.persistent_id, otp_challenge="1")
    assert not challenge.is_valid()
    assert "A code was sent to 138******00." in str(challenge.errors)
    code = code_in(Message.objects.get())
    form = log_in(otp_device=device.persistent_id, otp_token=code)
    assert form.is_valid(), form.errors
    assert form.get_user().otp_device == device
    assert not log_in(otp_device=device.persistent_id, otp_token=code).is_valid()
    assert VerificationCode.objects.get().entered_at is not None


def test_challenge__while_the_account_is_paused__says_so(device: Any) -> None:
    AccountState.objects.pause("default", code=4051, msg="", clock_offset=None, now=timezone.now())
    assert device.generate_challenge() == "No code can be sent now. Please try again later."
    assert not Message.objects.exists()


def test_it_is_an_interactive_device_of_its_user(user: Any, device: Any) -> None:
    assert list(devices_for_user(user)) == [device]
    assert device.is_interactive()
    assert device.mobile == MOBILE
    assert MOBILE not in f"{device} {device!r}"


def test_wrong_tokens_lengthen_the_pause(user: Any, device: Any) -> None:
    device.generate_challenge()
    code = code_in(Message.objects.get())
    assert verify_token(user, device.persistent_id, another(code)) is None
    assert verify_token(user, device.persistent_id, code) is None, "the pause"
    device.refresh_from_db()
    assert device.throttling_failure_count == 1
    assert not device.verify_is_allowed()[0]
    device.throttle_reset()
    assert verify_token(user, device.persistent_id, code) == device


def test_a_limit_is_told_as_the_challenge(device: Any) -> None:
    device.generate_challenge()
    assert "Ask again in" in device.generate_challenge()
    assert Message.objects.count() == 1


def test_a_stranger_does_not_take_the_codes_away(device: Any, configure: Configure) -> None:
    configure(INTERVAL=0, PURPOSES={"otp": {"CAPTCHA": "never"}})
    for _ in range(3):
        send_code(MOBILE, "sign-up")
    with pytest.raises(CodeThrottled):
        send_code(MOBILE, "sign-up")
    assert [device.generate_challenge()[:15] for _ in range(3)] == ["A code was sent"] * 2 + ["No code can be "]


def test_a_number_that_gets_no_text_is_told_and_not_saved(device: Any) -> None:
    device.mobile = "12345"
    assert device.generate_challenge() == "No code can be sent to this number."
    with pytest.raises(InvalidMessage):
        device.save()


def test_staff_give_a_user_a_device(admin_client: Client, user: Any) -> None:
    fields = {"user": user.pk, "name": "phone", "mobile": "138 0013 8000", "confirmed": "on"}
    assert admin_client.post(reverse("admin:ihuyi_otp_smsdevice_add"), fields).status_code == 302
    assert SmsDevice.objects.get().mobile == MOBILE
    # A superuser sees whole numbers, and that is noted: tests/admin/test_masking.py and test_looks.py have the others.
    assert MOBILE in admin_client.get(reverse("admin:ihuyi_otp_smsdevice_changelist")).content.decode()
