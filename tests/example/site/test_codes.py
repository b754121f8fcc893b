"""Signing up, logging in, resetting the password and changing the number with a code."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from captcha.models import CaptchaStore
from django.test import Client
from django.urls import reverse

from django_ihuyi.models import Message
from example_project.users.models import Person
from example_project.users.services import change_number, texts_to

LogIn = Callable[[Person], None]

pytestmark = pytest.mark.django_db

MOBILE = "13712345678"
OTHER = "13812345678"
PASSWORD = "tea-and-cake-9"
NEW_PASSWORD = "porcelain-and-clay-7"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def ask(client: Client, page: str, mobile: str = MOBILE) -> Any:
    """Press the button on a page, with the captcha solved where there is one."""
    html = client.get(reverse(page)).content.decode()
    fields = {"mobile": mobile, "send_code": "1"}
    for key in re.findall(r'name="captcha_0" value="(\w+)"', html):
        fields |= {"captcha_0": key, "captcha_1": CaptchaStore.objects.get(hashkey=key).response}
    return client.post(reverse(page), fields, headers={"accept": "application/json"})


def code_to(mobile: str = MOBILE) -> str:
    text = Message.objects.filter(mobile=mobile, category="verification", status="queued").latest("pk")
    [code] = re.findall(r"\d+", text.content)
    return str(code)


def test_sign_up_with_a_code(client: Client, django_capture_on_commit_callbacks: Any) -> None:
    assert ask(client, "sign-up").json()["sent"] is True
    form = {"mobile": "137 1234 5678", "password": PASSWORD, "code": code_to()}
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(reverse("sign-up"), form).headers["Location"] == reverse("signed-up")
    assert Person.objects.get().check_password(PASSWORD)
    assert texts_to(MOBILE).get() == Message.objects.get(category="notification")


def test_sign_up_wants_a_captcha_first(client: Client) -> None:
    answer = client.post(
        reverse("sign-up"), {"mobile": MOBILE, "send_code": "1"}, headers={"accept": "application/json"}
    )
    assert answer.status_code == 403
    assert "captcha_1" in answer.json()["captcha"]
    assert not Message.objects.exists()


def test_whoever_has_an_account_learns_it_with_the_code_and_keeps_the_password(client: Client) -> None:
    Person.objects.create_user(MOBILE, PASSWORD)
    assert ask(client, "sign-up").json()["sent"] is True
    form = {"mobile": MOBILE, "password": NEW_PASSWORD, "code": code_to()}
    page = client.post(reverse("sign-up"), form, follow=True)
    assert page.redirect_chain == [(reverse("log-in"), 302)]
    assert "has an account already" in page.content.decode()
    assert Person.objects.get().check_password(PASSWORD)


@pytest.mark.parametrize(("path", "to"), [("", "/"), ("?next=/orders/", "/orders/"), ("?next=//evil.example/", "/")])
def test_log_in_by_code(client: Client, path: str, to: str) -> None:
    Person.objects.create_user(MOBILE)
    ask(client, "log-in-by-code")
    url = reverse("log-in-by-code") + path
    assert client.post(url, {"mobile": MOBILE, "code": "12"}).status_code == 200
    assert client.post(url, {"mobile": MOBILE, "code": code_to()}).headers["Location"] == to
    assert "_auth_user_id" in client.session


def test_reset_the_password(client: Client) -> None:
    person = Person.objects.create_user(MOBILE, PASSWORD)
    ask(client, "reset-password")
    code = code_to()
    weak = client.post(reverse("reset-password"), {"mobile": MOBILE, "code": code, "password": "12345678"})
    assert "entirely numeric" in weak.content.decode()
    done = client.post(reverse("reset-password"), {"mobile": MOBILE, "code": code, "password": NEW_PASSWORD})
    assert done.headers["Location"] == reverse("log-in")
    person.refresh_from_db()
    assert person.check_password(NEW_PASSWORD)


@pytest.mark.parametrize("page", ["log-in-by-code", "reset-password"])
def test_nobody_learns_who_is_a_customer(page: str) -> None:
    Person.objects.create_user(MOBILE, PASSWORD)
    answers = []
    for mobile in (MOBILE, OTHER):
        client = Client()
        asked = [ask(client, page, mobile) for _ in range(2)]
        form = {"mobile": mobile, "code": "000000", "password": NEW_PASSWORD}
        said = client.post(reverse(page), form).content.decode()
        words = [(answer.status_code, re.sub(r"\d+", "N", answer.json()["text"])) for answer in asked]
        answers.append((words, re.sub(rf'{mobile}|"csrfmiddlewaretoken" value="\w+"', "", said)))
    assert answers[0] == answers[1]
    assert Message.objects.filter(mobile=OTHER, status="cancelled").count() == 1


def test_change_the_number(client: Client, log_in: LogIn) -> None:
    person = Person.objects.create_user(MOBILE, PASSWORD)
    log_in(person)
    ask(client, "change-number", OTHER)
    form = {"mobile": OTHER, "code": code_to(OTHER), "password": "wrong"}
    assert "This is not your password." in client.post(reverse("change-number"), form).content.decode()
    assert client.post(reverse("change-number"), form | {"password": PASSWORD}).headers["Location"] == "/"
    person.refresh_from_db()
    assert person.mobile == OTHER


def test_a_number_that_is_taken_gets_no_code_and_is_not_told(client: Client, log_in: LogIn) -> None:
    Person.objects.create_user(OTHER)
    log_in(Person.objects.create_user(MOBILE, PASSWORD))
    assert ask(client, "change-number", OTHER).json()["sent"] is True
    assert Message.objects.get(mobile=OTHER).status == "cancelled"


def test_a_number_that_is_taken_meanwhile_is_not_taken_twice(client: Client, log_in: LogIn) -> None:
    person = Person.objects.create_user(MOBILE, PASSWORD)
    log_in(person)
    ask(client, "change-number", OTHER)
    code = code_to(OTHER)
    Person.objects.create_user(OTHER)
    form = {"mobile": OTHER, "code": code, "password": PASSWORD}
    assert "This number cannot be used." in client.post(reverse("change-number"), form).content.decode()
    assert not change_number(person, OTHER)


def test_only_who_is_logged_in_changes_a_number(client: Client) -> None:
    assert client.get(reverse("change-number")).headers["Location"].startswith(reverse("log-in"))


def test_a_code_that_waits_is_on_no_page(client: Client, log_in: LogIn) -> None:
    log_in(Person.objects.create_user(MOBILE, PASSWORD))
    ask(Client(), "reset-password")
    assert code_to() not in client.get("/").content.decode()
    assert "data-status" not in client.get("/").content.decode()
