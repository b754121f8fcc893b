"""What ``check`` says of an adapter for django-allauth."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.adapter import DefaultAccountAdapter
from django.core.checks import CheckMessage, run_checks
from django.test import override_settings
from pytest_django import Settings

from django_ihuyi.contrib.allauth import PhoneAdapterMixin
from django_ihuyi.contrib.checks import check_allauth, check_second_factors
from tests.verification.conftest import Configure

from .adapter import Adapter, ProfileAdapter

CAPTCHA = "django_ihuyi.contrib.simple_captcha.check"


class Behind(DefaultAccountAdapter, PhoneAdapterMixin):  # type: ignore[misc]  # the host has no types
    phone_field = "last_name"
    phone_verified_field = "is_staff"


class NoSuchField(Adapter):
    phone_field = "mobil"


class NoSuchFlag(ProfileAdapter):
    phone_verified_field = "verified"


class NoSuchRelation(ProfileAdapter):
    phone_relation = "profil"


class ManyOfThem(ProfileAdapter):
    phone_relation = "groups"


class NeverEmpty(Adapter):
    phone_field = "username"


def found(adapter: type[Any]) -> list[CheckMessage]:
    with override_settings(ACCOUNT_ADAPTER=f"{adapter.__module__}.{adapter.__qualname__}"):
        return check_allauth()


@pytest.mark.parametrize("adapter", [Adapter, ProfileAdapter, DefaultAccountAdapter])
def test_nothing_is_wrong(adapter: type[Any]) -> None:
    assert found(adapter) == []


@pytest.mark.parametrize(
    ("adapter", "number", "said"),
    [
        (Behind, "E031", "(PhoneAdapterMixin, DefaultAccountAdapter)"),
        (NoSuchField, "E030", "holds the number"),
        (NoSuchFlag, "E030", "is verified"),
        (NoSuchRelation, "E030", "OneToOneField"),
        (ManyOfThem, "E030", "OneToOneField"),
        (NeverEmpty, "E030", "null=True"),
    ],
)
def test_what_is_wrong(adapter: type[Any], number: str, said: str) -> None:
    [message] = found(adapter)
    assert message.id == f"django_ihuyi.{number}"
    assert said in str(message.hint)


def test_numbers_that_nobody_verifies(settings: Settings) -> None:
    settings.ACCOUNT_PHONE_VERIFICATION_ENABLED = False
    assert [message.id for message in found(Adapter)] == ["django_ihuyi.E032"]


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ({"CAPTCHA": CAPTCHA}, ["django_ihuyi.W030"]),
        ({"CAPTCHA": CAPTCHA, "CAPTCHA_WHEN": "never"}, []),
        ({"CAPTCHA": CAPTCHA, "PURPOSES": {"allauth": {"CAPTCHA": "never"}}}, []),
        (
            {"CAPTCHA": CAPTCHA, "CAPTCHA_WHEN": "never", "PURPOSES": {"allauth": {"CAPTCHA": "always"}}},
            ["django_ihuyi.W030"],
        ),
        ({"CAPTCHAS": CAPTCHA}, []),
    ],
    ids=["on", "off", "off for it", "on for it", "wrong settings"],
)
def test_a_captcha_that_allauth_does_not_show(configure: Configure, options: dict[str, Any], ids: list[str]) -> None:
    configure(**options)
    assert [message.id for message in found(Adapter)] == ids


def test_a_site_without_allauth(settings: Settings) -> None:
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if not app.startswith("allauth")]
    assert found(Behind) == []


BOTH = ["otp", "two-factor"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, BOTH),
        ({"PURPOSES": {"sign-up": {}}}, BOTH),
        ({"PURPOSES": {"otp": {"CAPTCHA": "never"}}}, ["two-factor"]),
        ({"PURPOSES": {"otp": {}, "two-factor": {}}}, []),
        ({"PURPOSES": {"otp": {"BEHIND_PASSWORD": False}, "two-factor": {}}}, []),
        ({"NUMBER_PER_DAY": None}, []),
        ({"NUMBER_RESERVED": 0}, []),
        ({"PURPOSE": {}}, []),
    ],
    ids=["nothing", "another", "one of two", "both", "a site's own choice", "no limit", "no reserve", "wrong settings"],
)
def test_second_factors__without_codes_of_their_own__are_warned_of(
    configure: Configure, settings: Settings, options: dict[str, Any], told: list[str]
) -> None:
    settings.TWO_FACTOR_SMS_GATEWAY = "django_ihuyi.contrib.two_factor.Gateway"
    configure(**options)
    messages = check_second_factors()
    assert [message.id for message in messages] == ["django_ihuyi.W031"] * len(told)
    for message, purpose in zip(messages, told, strict=True):
        assert f"{purpose!r}: {{'CAPTCHA': 'never'}}" in str(message.hint)


@pytest.mark.parametrize(
    ("left_out", "gateway", "told"),
    [
        (("two_factor",), "django_ihuyi.contrib.two_factor.Gateway", 1),
        (("django_ihuyi.contrib.otp",), "django_ihuyi.contrib.two_factor.Gateway", 1),
        (("django_ihuyi.contrib.otp",), "two_factor.gateways.fake.Fake", 0),
        (("django_ihuyi.contrib.otp",), None, 0),
    ],
)
def test_second_factors__that_the_site_does_not_have__are_not_warned_of(
    settings: Settings, left_out: tuple[str, ...], gateway: str | None, told: int
) -> None:
    settings.TWO_FACTOR_SMS_GATEWAY = gateway
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if not app.startswith(left_out)]
    assert len(check_second_factors()) == told


@pytest.mark.django_db  # Django's own checks ask the database what it can do
def test_it_is_registered() -> None:
    with override_settings(ACCOUNT_ADAPTER=f"{__name__}.NoSuchField"):
        assert {"django_ihuyi.E030", "django_ihuyi.W031"} <= {message.id for message in run_checks(databases=[])}
