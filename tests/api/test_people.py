"""Replies, opt-outs and verification codes."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.models import AccountState, Message, OptOut, Reply
from django_ihuyi.testing import Outbox, latest_code

from .conftest import MOBILE, Caller

pytestmark = pytest.mark.django_db

WANTED = {"mobile": MOBILE, "purpose": "sign-up"}


def test_replies_are_masked(caller: Caller) -> None:
    Reply.objects.receive(Reply(mobile=MOBILE, content="好的"))
    [row] = caller.get("replies/?mobile=13712345678").json()["results"]
    assert (row["mobile"], row["content"], row["message"]) == ("137******78", "••", None)
    caller.allow("view_unmasked")
    [row] = Caller("view_reply", "view_unmasked", name="all").get("replies/").json()["results"]
    assert (row["mobile"], row["content"]) == (MOBILE, "好的")
    assert caller.get("replies/?received_from=x").status_code == 400


def test_opt_outs(caller: Caller) -> None:
    added = caller.post("optouts/", {"mobile": "137 1234 5678", "reason": "来电"})
    assert (added.status_code, added.json()["mobile"]) == (201, "137******78")
    again = caller.post("optouts/", {"mobile": MOBILE, "reason": "x"})
    assert (again.status_code, again.json()) == (200, added.json())
    assert [row["reason"] for row in caller.get("optouts/").json()["results"]] == ["来电"]
    pk = added.json()["id"]
    assert [caller.call("DELETE", f"optouts/{pk}/").status_code for _ in range(2)] == [204, 404]
    assert not OptOut.objects.exists()


@pytest.mark.parametrize(("body", "status"), [({}, 400), ({"mobile": "1"}, 422)])
def test_wrong_opt_outs(caller: Caller, body: dict[str, Any], status: int) -> None:
    assert caller.post("optouts/", body).status_code == status


@pytest.mark.usefixtures("ihuyi_outbox")
def test_codes(caller: Caller) -> None:
    sent = caller.post("verifications/", {**WANTED, "ip": "203.0.113.7"})
    assert (sent.status_code, set(sent.json())) == (202, {"message", "expires_at"})
    typed = {**WANTED, "code": latest_code(MOBILE)}
    assert [caller.post("verifications/check/", typed).json() for _ in range(2)] == [{"right": True}, {"right": False}]


def test_too_many_codes(caller: Caller) -> None:
    assert caller.post("verifications/", WANTED).status_code == 202
    refused = caller.post("verifications/", WANTED)
    problem = refused.json()
    assert (refused.status_code, problem["type"], problem["reason"]) == (
        429,
        "urn:django-ihuyi:code-throttled",
        "interval",
    )
    assert 1 <= problem["retry_after"] == int(refused["Retry-After"]) <= 60


def test_code__while_the_account_is_paused__is_503(caller: Caller) -> None:
    AccountState.objects.pause("default", code=4051, msg="", clock_offset=None, now=timezone.now())
    refused = caller.post("verifications/", WANTED)
    problem = refused.json()
    assert (refused.status_code, problem["type"], problem["reason"]) == (
        503,
        "urn:django-ihuyi:code-unavailable",
        "unavailable",
    )
    assert problem["retry_after"] == int(refused["Retry-After"]) == 30
    assert not Message.objects.exists()


def test_a_captcha_is_asked_for(settings: Settings, caller: Caller) -> None:
    own = {"CAPTCHA": "django_ihuyi.contrib.simple_captcha.check", "CAPTCHA_WHEN": "always"}
    settings.IHUYI = {**settings.IHUYI, "VERIFICATION": own}
    refused = caller.post("verifications/", WANTED)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:django-ihuyi:captcha-required")
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("verifications/", {}, 400),
        ("verifications/", {**WANTED, "mobile": "1"}, 422),
        ("verifications/", {**WANTED, "ip": "x"}, 400),
        ("verifications/", {**WANTED, "account": "x"}, 400),
        ("verifications/", {**WANTED, "purpose": "x" * 33}, 400),
        ("verifications/check/", {**WANTED, "code": ""}, 400),
        ("verifications/check/", {**WANTED, "mobile": "1", "code": "1"}, 422),
        ("verifications/check/", {**WANTED, "code": 482130}, 400),
    ],
)
def test_wrong_input(caller: Caller, ihuyi_outbox: Outbox, path: str, body: dict[str, Any], status: int) -> None:
    assert caller.post(path, body).status_code == status
    assert len(ihuyi_outbox) == 0
