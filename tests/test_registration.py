"""The welcome text and the verification code for new users."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core import serializers
from django.db import transaction
from django.test import modify_settings
from pytest_django import Settings

from django_ihuyi import registration, send_code, verify_code
from django_ihuyi.models import Message
from django_ihuyi.verification.models import VerificationCode
from tests.fakes import FakeBroker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]


def register(settings: Settings, **options: Any) -> None:
    settings.IHUYI = {**settings.IHUYI, "REGISTRATION": {"MOBILE": "username", "CONTENT": "欢迎", **options}}


def by_function(user: Any) -> str:
    return str(user.username)


@pytest.mark.parametrize("mobile", ["username", by_function, f"{__name__}.by_function"])
def test_a_new_user_gets_one_welcome(settings: Settings, mobile: Any, broker: FakeBroker) -> None:
    register(settings, MOBILE=mobile, CONTENT=lambda user: f"欢迎{user.pk}")
    user = User.objects.create_user("13800138000")
    user.first_name = "A"
    user.save()
    message = Message.objects.get()
    assert (message.mobile, message.content) == ("13800138000", f"欢迎{user.pk}")
    assert message.idempotency_key == f"registration:auth.user:{user.pk}"
    assert broker.take_pks() == [message.pk]


def test_nothing_without_the_setting() -> None:
    User.objects.create_user("13800138000")
    assert not Message.objects.exists()


def test_only_after_commit(settings: Settings) -> None:
    register(settings)
    with transaction.atomic():
        User.objects.create_user("13800138000")
        assert not Message.objects.exists()
    assert Message.objects.exists()


def test_fixtures_send_nothing(settings: Settings) -> None:
    register(settings)
    user = User(pk=7, username="13800138000", password="!")
    for item in serializers.deserialize("json", serializers.serialize("json", [user])):
        item.save()
    assert get_user_model().objects.exists()
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("options", "username"),
    [
        ({}, "not a number"),
        ({"MOBILE": "first_name"}, "13800138000"),
        ({"CONTENT": "😀"}, "13800138000"),
        ({"CONTENT": lambda user: 1 / 0}, "13800138000"),
        ({"ACCOUNT": "nobody"}, "13800138000"),
    ],
    ids=["bad number", "no number", "bad text", "failing callable", "no such account"],
)
def test_a_failure_never_breaks_the_sign_up(
    settings: Settings, caplog: pytest.LogCaptureFixture, options: dict[str, Any], username: str
) -> None:
    register(settings, **options)
    User.objects.create_user(username)
    assert User.objects.exists()
    assert not Message.objects.exists()
    assert not any("13800138000" in record.getMessage() for record in caplog.records)


def test_a_setting_taken_away_before_the_commit(settings: Settings) -> None:
    register(settings)
    with transaction.atomic():
        User.objects.create_user("13800138000")
        settings.IHUYI = {name: value for name, value in settings.IHUYI.items() if name != "REGISTRATION"}
    assert not Message.objects.exists()


# A verification code


def test_a_new_user_gets_a_code(settings: Settings, broker: FakeBroker) -> None:
    register(settings, CONTENT=None, CODE="sign-up")
    User.objects.create_user("13800138000")
    message = Message.objects.get()
    assert (message.mobile, message.category) == ("13800138000", "verification")
    assert broker.take_pks() == [message.pk]
    assert verify_code("13800138000", "sign-up", VerificationCode.objects.get().derive())


def is_verified(user: Any) -> bool:
    return bool(user.is_staff)


@pytest.mark.parametrize("verified", ["is_staff", is_verified, f"{__name__}.is_verified"])
@pytest.mark.parametrize("already", [True, False])
def test_no_code_for_a_number_that_is_verified(settings: Settings, verified: Any, already: bool) -> None:
    register(settings, CONTENT=None, CODE="sign-up", VERIFIED=verified)
    User.objects.create_user("13800138000", is_staff=already)
    assert Message.objects.exists() is not already


def test_welcome_and_code(settings: Settings) -> None:
    register(settings, CODE="sign-up")
    User.objects.create_user("13800138000")
    assert list(Message.objects.order_by("pk").values_list("category", flat=True)) == ["notification", "verification"]


def test_welcome_and_code__without_verification__is_the_welcome_alone(settings: Settings) -> None:
    register(settings, CODE="sign-up", VERIFIED="is_staff")
    with modify_settings(INSTALLED_APPS={"remove": ["django_ihuyi.verification"]}):
        User.objects.create_user("13800138000")
    assert Message.objects.get().category == "notification"


def test_code__with_fixtures__is_not_sent(settings: Settings) -> None:
    register(settings, CONTENT=None, CODE="sign-up")
    for item in serializers.deserialize("json", serializers.serialize("json", [User(pk=7, username="13800138000")])):
        item.save()
    assert get_user_model().objects.exists()
    assert not Message.objects.exists()


def test_welcome_and_code__of_a_user_who_is_postponed__are_not_sent(settings: Settings) -> None:
    register(settings, CODE="sign-up")
    user = User(username="13800138000")
    registration.skip_welcome(user)
    user.save()
    assert not Message.objects.exists()


def test_a_limit_never_breaks_the_sign_up(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    register(settings, CONTENT=None, CODE="sign-up")
    send_code("13800138000", "log-in")
    user = User.objects.create_user("13800138000")
    assert Message.objects.count() == 1
    assert f"No verification code for user {user.pk}: interval" in caplog.text
    assert "13800138000" not in caplog.text


def test_a_failing_welcome_does_not_stop_the_code(settings: Settings) -> None:
    register(settings, CONTENT=lambda user: 1 / 0, CODE="sign-up")
    User.objects.create_user("13800138000")
    assert Message.objects.get().category == "verification"


def test_users_made_in_bulk_get_nothing(settings: Settings) -> None:
    register(settings, CODE="sign-up")
    User.objects.bulk_create([User(username="13800138000")])
    assert not Message.objects.exists()
