"""``check --deploy`` tells what keeps messages from people; a plain ``check`` does not."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import connections
from django.test import modify_settings
from pytest_django import Settings

from django_ihuyi.checks import check_production

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


@pytest.mark.parametrize("atomic", [True, False])
def test_tries_that_a_request_can_undo__are_warned_of(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, atomic: bool
) -> None:
    settings.IHUYI = {"ACCOUNTS": {"default": GOOD}}
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", atomic)
    assert [number for number, _text in found(deployed=True)] == ["W025"] * atomic
    assert found(deployed=False) == []
    [hint] = [
        one.hint for one in run_checks(include_deployment_checks=True, databases=[]) if "W025" in str(one.id)
    ] or [""]
    assert ("non_atomic_requests(using='default')" in str(hint)) is atomic


@pytest.mark.parametrize(("app", "number"), [("django_ihuyi.webhooks", "W023"), ("django_ihuyi.verification", "W025")])
def test_problem_of_a_feature__without_its_app__is_not_reported(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, app: str, number: str
) -> None:
    settings.IHUYI = {"ACCOUNTS": {"default": GOOD}, "WEBHOOKS": {"ALLOW_HTTP": True}}
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    assert {one.id for one in check_production()} == {"django_ihuyi.W023", "django_ihuyi.W025"}
    with modify_settings(INSTALLED_APPS={"remove": [app]}):
        assert f"django_ihuyi.{number}" not in {one.id for one in check_production()}


class SecondDatabase:
    """A router of a site that keeps the app's tables elsewhere."""

    def db_for_write(self, model: type[Any], **hints: Any) -> str | None:
        return "second" if model.__module__.startswith("django_ihuyi.") else None


@pytest.mark.parametrize(("alias", "told"), [("default", False), ("second", True)])
def test_tries_that_a_request_can_undo__in_the_database_of_the_codes_only__are_warned_of(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, alias: str, told: bool
) -> None:
    settings.DATABASE_ROUTERS = [f"{__name__}.SecondDatabase"]
    monkeypatch.setitem(connections.settings, "second", {**connections.settings["default"]})
    monkeypatch.setitem(connections.settings[alias], "ATOMIC_REQUESTS", True)
    problems = [str(one.msg) for one in check_production() if one.id == "django_ihuyi.W025"]
    assert [("'second'" in one) for one in problems] == [True] * told
