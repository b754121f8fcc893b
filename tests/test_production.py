"""``check --deploy`` tells what keeps messages from people; a plain ``check`` does not."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

GOOD: dict[str, Any] = {"ACCOUNT": "cf_x", "API_KEY": "f00dfeedf00dfeedf00dfeedf00dfeed"}


def found(*, deployed: bool) -> list[tuple[str, str]]:
    messages = run_checks(include_deployment_checks=deployed, databases=[])
    return [(str(one.id)[13:], str(one.msg)) for one in messages if str(one.id).startswith("django_ihuyi.W02")]


def test_webhooks_in_clear(settings: Settings) -> None:
    settings.IHUYI = {"ACCOUNTS": {"default": GOOD}, "WEBHOOKS": {"ALLOW_HTTP": True}}
    [(number, _text)] = found(deployed=True)
    assert number == "W023"
    assert found(deployed=False) == []


@pytest.mark.parametrize(
    ("option", "check"),
    [
        ({"CLIENT": "django_ihuyi.testing.OutboxClient"}, "W020"),
        ({"CLIENT": "django_ihuyi.testing.ConsoleClient"}, "W020"),
        ({"REDIRECT_TO": ["13800138000"]}, "W021"),
        ({"BASE_URL": "http://127.0.0.1:8106/webservice/sms.php"}, "W022"),
        ({"BASE_URL": "https://localhost/Submit.json"}, "W022"),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value),
)
def test_what_is_told_of(settings: Settings, option: dict[str, Any], check: str) -> None:
    settings.IHUYI = {"ACCOUNTS": {"default": GOOD, "shop": {**GOOD, **option}}}
    [(number, text)] = found(deployed=True)
    assert number == check
    assert "['shop']" in text
    assert found(deployed=False) == []


@pytest.mark.parametrize(
    "raw",
    [
        {"ACCOUNTS": {"default": GOOD}},
        {"ACCOUNTS": {"default": {**GOOD, "REDIRECT_TO": [], "CLIENT": "shop.sms.Client"}}},
        {"ACCOUNTS": {"default": {**GOOD, "BASE_URL": "https://[::1/x"}}},
        {"ACCOUNTS": {"default": GOOD}, "WEBHOOKS": {}},
        {"ACCOUNTS": {"default": "x"}},
        {"ACCOUNTS": None},
        None,
    ],
    ids=["right", "a client of the site's own", "half an address", "webhooks", "no account", "no accounts", "nothing"],
)
def test_what_is_not(settings: Settings, raw: object) -> None:
    settings.IHUYI = raw
    assert found(deployed=True) == []
