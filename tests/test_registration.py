"""The welcome text for new users."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core import serializers
from django.db import transaction
from pytest_django import Settings

from django_ihuyi.models import Message
from tests.wire import FakeBroker

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
