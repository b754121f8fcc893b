"""The adapter mixin, with django-allauth's own pages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from django_ihuyi.models import Message, VerificationCode
from tests.verification.codes import MOBILE, another, code_in

from .adapter import Adapter

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.contrib.urls")]
PASSWORD = "tea-and-cake-9"
UNKNOWN = "13900139000"


def make_user(verified: bool = True) -> Any:
    user = get_user_model().objects.create_user("somebody", password=PASSWORD)
    Adapter().set_phone(user, "+86 138 0013 8000", verified)
    return user


def sign_up(client: Client, mobile: str = "138 0013 8000") -> Any:
    return client.post("/accounts/signup/", {"phone": mobile, "password1": PASSWORD})


def test_sign_up_sends_a_code_and_takes_it(client: Client) -> None:
    assert sign_up(client).headers["Location"] == "/accounts/phone/verify/"
    user = get_user_model().objects.get()
    assert Adapter().get_phone(user) == (MOBILE, False)
    code = code_in(Message.objects.get())
    assert len(code) == 6
    assert client.post("/accounts/phone/verify/", {"code": another(code)}).status_code == 200
    assert client.post("/accounts/phone/verify/", {"code": code}).status_code == 302
    user.refresh_from_db()
    assert Adapter().get_phone(user) == (MOBILE, True)
    assert client.session["_auth_user_id"] == str(user.pk)
    assert VerificationCode.objects.get().entered_at is not None


def test_log_in_by_password_however_the_number_is_written(client: Client) -> None:
    user = make_user()
    answer = client.post("/accounts/login/", {"login": "+86 138-0013-8000", "password": PASSWORD})
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


def test_log_in_by_code(client: Client) -> None:
    user = make_user()
    client.post("/accounts/login/code/", {"phone": MOBILE})
    assert client.post("/accounts/login/code/confirm/", {"code": code_in(Message.objects.get())}).status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.parametrize("path", ["/accounts/login/code/", "/accounts/signup/"], ids=["log in", "sign up"])
def test_known_and_unknown_numbers_get_the_same_answers(path: str) -> None:
    make_user()
    answers = []
    for mobile in (MOBILE, UNKNOWN):
        seen = []
        for _ in range(2):
            answer = Client().post(path, {"phone": mobile, "password1": PASSWORD})
            page = re.sub(r"\d+", "N", answer.content.decode())
            seen.append((answer.status_code, answer.headers.get("Location"), page))
        answers.append(seen)
    assert answers[0] == answers[1]
    assert [status for status, *_ in answers[0]] == [302, 429]


def test_a_number_with_an_account_is_told_so_by_text(client: Client) -> None:
    make_user()
    sign_up(client)
    told = Message.objects.get(status="queued")
    assert (told.mobile, told.content) == (MOBILE, Adapter.account_exists_text)
    assert get_user_model().objects.count() == 1


def test_a_number_that_is_none_is_told_at_its_field(client: Client) -> None:
    assert "eleven digits" in sign_up(client, "12345").content.decode()
    assert not get_user_model().objects.exists()


def test_a_user_without_a_number_has_none() -> None:
    assert Adapter().get_phone(get_user_model().objects.create_user("nobody")) is None
    assert Adapter()._has_phone_impl


def test_without_a_request_the_limit_is_the_callers(client: Client) -> None:
    from django_ihuyi.exceptions import CodeThrottled

    user = make_user()
    Adapter().send_verification_code_sms(user, MOBILE, "123456")
    with pytest.raises(CodeThrottled):
        Adapter().send_unknown_account_sms(MOBILE)
