"""Signing up and logging in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.models import Message
from example_project.users.models import Person

LogIn = Callable[[Person], None]

pytestmark = pytest.mark.django_db

MOBILE = "13712345678"
PASSWORD = "tea-and-cake-9"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def test_a_new_person_gets_the_welcome_text_once(client: Client, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        Person.objects.create_user("+86 137 1234 5678", PASSWORD)
    person = Person.objects.get()
    assert (person.mobile, str(person)) == (MOBILE, "137******78")
    with django_capture_on_commit_callbacks(execute=True):
        person.save()
    assert [message.mobile for message in Message.objects.all()] == [MOBILE]


def test_a_superuser_may_do_everything() -> None:
    staff = Person.objects.create_superuser(MOBILE, PASSWORD)
    assert (staff.is_staff, staff.is_superuser) == (True, True)


def test_a_number_that_is_none_makes_nobody() -> None:
    with pytest.raises(InvalidMessage):
        Person.objects.create_user("12345", PASSWORD)


@pytest.mark.parametrize(
    ("mobile", "password", "field", "error"),
    [
        pytest.param("", PASSWORD, "mobile", "This field is required.", id="no number"),
        pytest.param("010 12345678", PASSWORD, "mobile", "not a mainland China mobile number", id="fixed line"),
        pytest.param("+1 202 555 0100", PASSWORD, "mobile", "not a mainland China mobile number", id="abroad"),
        pytest.param(MOBILE, "", "password", "This field is required.", id="no password"),
        pytest.param(MOBILE, "12345678", "password", "entirely numeric", id="weak password"),
        pytest.param(MOBILE, "x13712345678", "password", "too similar to the mobile", id="password is the number"),
    ],
)
def test_wrong_input_is_told_at_its_field(client: Client, mobile: str, password: str, field: str, error: str) -> None:
    answer = client.post(reverse("sign-up"), {"mobile": mobile, "password": password, "code": "123456"})
    assert answer.status_code == 200
    assert error in " ".join(answer.context["form"].errors[field])
    assert not Person.objects.exists()


def test_the_page_after_signing_up_knows_nothing_without_it(client: Client) -> None:
    page = client.get(reverse("signed-up")).content.decode()
    assert "data-status" not in page
    assert "you can log in now" in page


@pytest.mark.parametrize(
    ("mobile", "password", "status"),
    [
        pytest.param("137-1234-5678", PASSWORD, 302, id="right, however written"),
        pytest.param(MOBILE, "wrong", 200, id="wrong password"),
        pytest.param("13812345678", PASSWORD, 200, id="unknown number"),
        pytest.param("hello", PASSWORD, 200, id="no number"),
    ],
)
def test_log_in(client: Client, mobile: str, password: str, status: int) -> None:
    Person.objects.create_user(MOBILE, PASSWORD)
    assert client.post(reverse("log-in"), {"username": mobile, "password": password}).status_code == status


def test_the_demos_staff_user_is_made_once_and_without_a_text(
    settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
    with django_capture_on_commit_callbacks(execute=True):
        call_command("demo_staff")
        call_command("demo_staff")
    staff = Person.objects.get()
    assert staff.is_superuser
    assert staff.check_password("sms-demo-staff")
    assert not Message.objects.exists()


def test_a_site_for_others_gets_no_user_that_everybody_knows(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1", "[::1]", "shop.example"]
    with pytest.raises(CommandError, match="ALLOWED_HOSTS"):
        call_command("demo_staff")
    assert not Person.objects.exists()


def test_people_in_the_admin(log_in: LogIn, client: Client) -> None:
    log_in(Person.objects.create_superuser(MOBILE, PASSWORD))
    add = reverse("admin:users_person_add")
    fields = {"mobile": "+86 138 1234 5678", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post(add, fields).status_code == 302
    person = Person.objects.get(mobile="13812345678")
    for url in (reverse("admin:users_person_changelist"), reverse("admin:users_person_change", args=[person.pk])):
        assert client.get(url).status_code == 200
    assert "Somebody has this number already." in client.post(add, fields).content.decode()


def test_the_log_in_page_lets_a_number_be_written_as_people_do(client: Client) -> None:
    page = client.get(reverse("log-in")).content.decode()
    (field,) = [tag for tag in page.split("<") if tag.startswith("input") and 'name="username"' in tag]
    assert "maxlength" not in field
    assert 'placeholder="139 1234 5678"' in field
