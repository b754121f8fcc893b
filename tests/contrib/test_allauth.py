"""The adapter mixin, with django-allauth's own pages."""

from __future__ import annotations

import logging
import re
from contextlib import AbstractContextManager
from typing import Any, Protocol

import pytest
from allauth.account.adapter import get_adapter
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.models import AccountState, Message
from django_ihuyi.verification.models import VerificationCode
from tests.log_records import events
from tests.verification.code_text import MOBILE, another, code_in
from tests.verification.conftest import Configure

from .adapter import Adapter

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.contrib.urls")]
PASSWORD = "tea-and-cake-9"
STRANGERS = "milk-and-honey-7"
UNKNOWN = "13900139000"


class CaptureOnCommit(Protocol):
    """pytest-django's fixture."""

    def __call__(self, *, execute: bool) -> AbstractContextManager[Any]: ...


@pytest.fixture(params=["Adapter", "ProfileAdapter"], ids=["user model", "profile"], autouse=True)
def _where_the_number_is(request: pytest.FixtureRequest, settings: Settings) -> None:
    settings.ACCOUNT_ADAPTER = f"tests.contrib.adapter.{request.param}"


def phone_of(user: Any) -> Any:
    return get_adapter().get_phone(get_user_model().objects.get(pk=user.pk))


def make_user(verified: bool = True, name: str = "somebody", mobile: str = "+86 138 0013 8000") -> Any:
    user = get_user_model().objects.create_user(name, password=PASSWORD)
    get_adapter().set_phone(user, mobile, verified)
    return user


def sign_up(client: Client, mobile: str = "138 0013 8000", password: str = PASSWORD) -> Any:
    return client.post("/accounts/signup/", {"phone": mobile, "password1": password})


def enter(client: Client, code: str) -> Any:
    return client.post("/accounts/phone/verify/", {"code": code})


def log_in(password: str) -> Any:
    """Whom the number and a password let in."""
    client = Client()
    client.post("/accounts/login/", {"login": MOBILE, "password": password})
    return client.session.get("_auth_user_id")


def latest_code() -> str:
    return code_in(Message.objects.filter(status="queued").latest("pk"))


def test_sign_up_sends_a_code_and_takes_it(client: Client) -> None:
    assert sign_up(client).headers["Location"] == "/accounts/phone/verify/"
    user = get_user_model().objects.get()
    assert phone_of(user) == (MOBILE, False)
    code = code_in(Message.objects.get())
    assert len(code) == 6
    assert client.post("/accounts/phone/verify/", {"code": another(code)}).status_code == 200
    assert client.post("/accounts/phone/verify/", {"code": code}).status_code == 302
    assert phone_of(user) == (MOBILE, True)
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
@pytest.mark.parametrize("refused", [False, True], ids=["asked again at once", "refused by the gateway"])
def test_known_and_unknown_numbers_get_the_same_answers(configure: Configure, path: str, refused: bool) -> None:
    configure(INTERVAL=0 if refused else 60)
    make_user()
    answers = []
    for mobile in (MOBILE, UNKNOWN):
        seen = []
        for _ in range(2):
            answer = Client().post(path, {"phone": mobile, "password1": PASSWORD})
            page = re.sub(r"\d+", "N", answer.content.decode())
            seen.append((answer.status_code, answer.headers.get("Location"), page))
            if refused:
                # What really went out comes back: the number is on the gateway's black list.
                Message.objects.filter(status="queued").update(status="rejected", code=4030)
        answers.append(seen)
    assert answers[0] == answers[1]
    assert [status for status, *_ in answers[0]] == [302, 302 if refused else 429]


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
    assert get_adapter().get_phone(get_user_model().objects.create_user("nobody")) is None
    assert get_adapter()._has_phone_impl


def test_without_a_request_the_limit_is_the_callers(client: Client) -> None:
    from django_ihuyi.exceptions import CodeThrottled

    user = make_user()
    get_adapter().send_verification_code_sms(user, MOBILE, "123456")
    with pytest.raises(CodeThrottled):
        get_adapter().send_unknown_account_sms(MOBILE)


# Whose a number is


def test_who_signed_up_first_with_somebodys_number_has_no_part_in_their_account(
    client: Client, configure: Configure
) -> None:
    configure(INTERVAL=0)
    stranger = Client()
    sign_up(stranger, password=STRANGERS)
    [strangers] = get_user_model().objects.all()
    client.post("/accounts/login/code/", {"phone": MOBILE})
    assert Message.objects.latest("pk").status == "cancelled", "nobody has this number"
    sign_up(client)
    assert enter(client, latest_code()).status_code == 302
    owner = get_user_model().objects.exclude(pk=strangers.pk).get()
    assert client.session["_auth_user_id"] == str(owner.pk)
    assert (phone_of(owner), phone_of(strangers)) == ((MOBILE, True), None)
    assert (log_in(PASSWORD), log_in(STRANGERS)) == (str(owner.pk), None)
    # Not even with the code that the stranger had sent, should it have come to light.
    first = code_in(Message.objects.order_by("pk")[0])
    assert enter(stranger, first).status_code == 200
    assert "_auth_user_id" not in stranger.session
    by_code = Client()
    by_code.post("/accounts/login/code/", {"phone": MOBILE})
    by_code.post("/accounts/login/code/confirm/", {"code": latest_code()})
    assert by_code.session["_auth_user_id"] == str(owner.pk)


def test_a_number_that_is_not_verified_lets_nobody_in() -> None:
    user = make_user(verified=False)
    assert log_in(PASSWORD) is None
    get_adapter().set_phone(user, MOBILE, True)
    assert log_in(PASSWORD) == str(user.pk)


def test_a_sign_up_whose_text_was_lost_is_begun_again(client: Client, configure: Configure) -> None:
    configure(INTERVAL=0)
    sign_up(Client())
    assert sign_up(client).status_code == 302
    assert enter(client, latest_code()).status_code == 302
    assert "_auth_user_id" in client.session
    users = get_user_model().objects.order_by("pk")
    assert [phone_of(user) for user in users] == [None, (MOBILE, True)]


def test_a_stranger_in_between_does_not_disturb_a_sign_up(client: Client, configure: Configure) -> None:
    configure(INTERVAL=0)
    sign_up(client)
    code = latest_code()
    sign_up(Client(), password=STRANGERS)
    assert enter(client, code).status_code == 302
    assert client.session["_auth_user_id"] == log_in(PASSWORD)
    assert log_in(STRANGERS) is None


def test_a_number_that_staff_filled_in_stays_until_somebody_proves_it(client: Client) -> None:
    customer = make_user(verified=False)
    sign_up(client)
    assert phone_of(customer) == (MOBILE, False)
    enter(client, latest_code())
    assert phone_of(customer) is None


def test_a_user_changes_to_a_number_that_somebody_only_typed(client: Client) -> None:
    typed = make_user(verified=False)
    user = make_user(name="another", mobile=UNKNOWN)
    client.force_login(user)
    client.post("/accounts/phone/change/", {"phone": MOBILE})
    assert enter(client, latest_code()).status_code == 302
    assert (phone_of(user), phone_of(typed)) == ((MOBILE, True), None)


def test_a_sign_up_whose_first_step_is_a_log_in_by_code(client: Client, settings: Settings) -> None:
    settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
    typed = make_user(verified=False)
    assert sign_up(client).headers["Location"] == "/accounts/login/code/confirm/"
    client.post("/accounts/login/code/confirm/", {"code": latest_code()})
    owner = get_user_model().objects.exclude(pk=typed.pk).get()
    assert client.session["_auth_user_id"] == str(owner.pk)
    assert (phone_of(owner), phone_of(typed), Message.objects.count()) == ((MOBILE, True), None, 1)


def test_who_corrects_the_number_at_the_sign_up_gets_a_code_there(client: Client, settings: Settings) -> None:
    settings.ACCOUNT_PHONE_VERIFICATION_SUPPORTS_CHANGE = True
    typed = make_user(verified=False)
    sign_up(client, UNKNOWN)
    client.post("/accounts/phone/verify/", {"phone": MOBILE, "action": "change"})
    owner = get_user_model().objects.exclude(pk=typed.pk).get()
    assert phone_of(owner) != (UNKNOWN, False)
    assert Message.objects.latest("pk").mobile == MOBILE
    assert enter(client, latest_code()).status_code == 302
    assert (phone_of(owner), phone_of(typed)) == ((MOBILE, True), None)


def test_the_number_that_was_typed_last_counts() -> None:
    make_user()
    user = make_user(verified=False, name="another")
    assert get_adapter().get_phone(user) == (MOBILE, False)
    get_adapter().set_phone(user, UNKNOWN, False)
    assert get_adapter().get_phone(user) == phone_of(user) == (UNKNOWN, False)


def test_who_may_sign_up_without_a_number_is_sent_nothing(client: Client, settings: Settings) -> None:
    settings.ACCOUNT_LOGIN_METHODS = {"username", "phone"}
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "phone", "password1*"]
    client.post("/accounts/signup/", {"username": "somebody", "password1": PASSWORD})
    assert client.session["_auth_user_id"] == str(get_user_model().objects.get().pk)
    assert not Message.objects.exists()


def test_a_number_is_found_however_it_is_written() -> None:
    user = make_user()
    assert get_adapter().get_user_by_phone("+86 138-0013-8000") == user
    assert get_adapter().get_user_by_phone("12345") is None


def test_a_sign_up_that_is_refused_makes_nobody(client: Client) -> None:
    sign_up(Client())
    assert sign_up(client).status_code == 429
    assert get_user_model().objects.count() == 1


@pytest.mark.parametrize("path", ["/accounts/login/code/", "/accounts/signup/"], ids=["log in", "sign up"])
def test_pages__while_the_account_is_paused__say_so_to_known_and_unknown_numbers(path: str) -> None:
    make_user()
    AccountState.objects.pause("default", code=4051, msg="", clock_offset=None, now=timezone.now())
    answers = [Client().post(path, {"phone": mobile, "password1": PASSWORD}) for mobile in (MOBILE, UNKNOWN)]
    assert [(answer.status_code, answer.headers["Retry-After"]) for answer in answers] == [(503, "30")] * 2
    assert answers[0].content == answers[1].content
    assert "No code can be sent now." in answers[0].content.decode()
    assert not Message.objects.exists()
    assert get_user_model().objects.count() == 1


def test_a_captcha_that_the_page_does_not_show_is_the_staffs_to_mend(
    client: Client, configure: Configure, caplog: pytest.LogCaptureFixture
) -> None:
    configure(CAPTCHA="django_ihuyi.contrib.simple_captcha.check", CAPTCHA_WHEN="always")
    answer = sign_up(client)
    assert (answer.status_code, "tell whoever runs this site" in answer.content.decode()) == (429, True)
    assert events(caplog, logging.ERROR) == ["code.no_captcha"]
    assert MOBILE not in caplog.text


# The welcome text


def welcome(settings: Settings) -> None:
    registration = {"MOBILE": lambda user: get_adapter().get_phone(user)[0], "CONTENT": "欢迎"}
    settings.IHUYI = {**settings.IHUYI, "VERIFICATION": {"INTERVAL": 0}, "REGISTRATION": registration}


def welcomed() -> list[str]:
    return list(Message.objects.filter(content="欢迎").values_list("mobile", flat=True))


def test_who_signs_up_is_welcomed_once_the_number_is_verified(
    client: Client, settings: Settings, django_capture_on_commit_callbacks: CaptureOnCommit
) -> None:
    welcome(settings)
    with django_capture_on_commit_callbacks(execute=True):
        sign_up(client)
    assert welcomed() == []
    with django_capture_on_commit_callbacks(execute=True):
        enter(client, latest_code())
    assert welcomed() == [MOBILE]
    User.objects.update(last_login=None)
    with django_capture_on_commit_callbacks(execute=True):
        by_code = Client()
        by_code.post("/accounts/login/code/", {"phone": MOBILE})
        by_code.post("/accounts/login/code/confirm/", {"code": latest_code()})
    assert welcomed() == [MOBILE]


def test_who_has_been_here_before_is_not_welcomed(
    client: Client, settings: Settings, django_capture_on_commit_callbacks: CaptureOnCommit
) -> None:
    welcome(settings)
    client.force_login(get_user_model().objects.create_user("somebody"))
    client.post("/accounts/phone/change/", {"phone": MOBILE})
    with django_capture_on_commit_callbacks(execute=True):
        enter(client, latest_code())
    assert (welcomed(), get_adapter().get_user_by_phone(MOBILE).username) == ([], "somebody")


def test_without_a_welcome_text_nothing_is_sent(client: Client, settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "REGISTRATION": {"MOBILE": "username", "CODE": "sign-up"}}
    sign_up(client)
    enter(client, latest_code())
    assert Message.objects.count() == 1
