"""The adapter mixin behind allauth.headless, the JSON API of django-allauth."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path
from pytest_django import Settings

from django_ihuyi.models import Message
from tests.verification.code_text import MOBILE, another
from tests.verification.conftest import Configure

from .test_allauth import PASSWORD, UNKNOWN, latest_code, make_user, phone_of

urlpatterns = [path("_allauth/", include("allauth.headless.urls")), path("accounts/", include("allauth.urls"))]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
KNOWN = MOBILE
"""A number with an account; ``UNKNOWN`` has none."""


@pytest.fixture(params=["Adapter", "ProfileAdapter"], ids=["user model", "profile"], autouse=True)
def _headless(request: pytest.FixtureRequest, settings: Settings) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "allauth.headless"]
    settings.ACCOUNT_ADAPTER = f"tests.contrib.adapter.{request.param}"


def call(client: Client, name: str, kind: str = "browser", **fields: str) -> Any:
    return client.post(f"/_allauth/{kind}/v1/{name}", fields, content_type="application/json")


def seen(response: HttpResponse) -> tuple[int, str, str | None, bytes]:
    """What a caller can tell answers apart by."""
    headers = response.headers
    return response.status_code, headers["Content-Type"], headers.get("Retry-After"), response.content


@pytest.mark.parametrize("kind", ["browser", "app"])
@pytest.mark.parametrize("written", ["+8613800138000", "13800138000", "+86 138 0013 8000", "138-0013-8000"])
def test_sign_up__with_a_number_as_people_write_it__takes_the_code(client: Client, kind: str, written: str) -> None:
    answer = call(client, "auth/signup", kind, phone=written, password=PASSWORD)
    assert answer.status_code == 401
    assert {"id": "verify_phone", "is_pending": True} in answer.json()["data"]["flows"]
    token = answer.json()["meta"].get("session_token")
    session = Client(headers={"x-session-token": token}) if kind == "app" else client

    assert call(session, "auth/phone/verify", kind, code=another(latest_code())).status_code == 400
    assert call(session, "auth/phone/verify", kind, code=latest_code()).status_code == 200

    assert phone_of(get_user_model().objects.get()) == (KNOWN, True)


@pytest.mark.parametrize(
    ("written", "status"),
    [("+8613800138000", 200), ("13800138000", 400), ("138 0013 8000", 400), ("+86 138 0013 8000", 400)],
)
def test_log_in__with_a_password__wants_the_number_with_86(client: Client, written: str, status: int) -> None:
    """allauth's own rule, of which docs/allauth.md tells."""
    make_user()
    assert call(client, "auth/login", phone=written, password=PASSWORD).status_code == status


@pytest.mark.parametrize("written", ["+8613800138000", "13800138000"])
def test_log_in__by_code__takes_both_writings(client: Client, written: str) -> None:
    make_user()
    assert call(client, "auth/code/request", phone=written).status_code == 401
    assert call(client, "auth/code/confirm", code=latest_code()).status_code == 200


@pytest.mark.parametrize("name", ["auth/signup", "auth/code/request"])
@pytest.mark.parametrize("kind", ["browser", "app"])
def test_limit__that_is_met__is_answered_in_json_alike_for_known_and_unknown_numbers(
    configure: Configure, name: str, kind: str
) -> None:
    configure(INTERVAL=1000)
    make_user()
    answers = []
    for number in (KNOWN, UNKNOWN):
        call(Client(), "auth/code/request", phone=f"+86{number}")
        fields = {"phone": f"+86{number}"} | ({"password": PASSWORD} if name == "auth/signup" else {})
        answers.append(call(Client(), name, kind, **fields))

    status, content_type, retry_after, _content = seen(answers[0])
    assert (status, content_type) == (429, "application/json")
    assert 990 <= int(retry_after or 0) <= 1000
    [error] = answers[0].json()["errors"]
    assert error["code"] == "throttled"
    assert error["message"].startswith("A code was asked for a moment ago.")
    assert answers[0].json() == {"status": 429, "errors": [error]}
    # A second may have passed in between.
    known, unknown = (one.content.decode().replace("999 seconds", "1000 seconds") for one in answers)
    assert known == unknown
    assert [one.status_code for one in answers] == [429, 429]
    assert get_user_model().objects.count() == 1
    assert Message.objects.filter(status="queued").exclude(mobile=KNOWN).count() == 0


def test_limit__met_by_a_change_of_number__is_answered_in_json(client: Client, configure: Configure) -> None:
    configure(INTERVAL=1000)
    client.force_login(make_user())
    assert call(client, "account/phone", phone=UNKNOWN).status_code == 202
    answer = call(client, "account/phone", phone=UNKNOWN)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (429, "throttled")


def test_code__that_needs_a_captcha__is_refused_in_json(client: Client, configure: Configure) -> None:
    """allauth hands no captcha on; `check` says W030 of such a purpose."""
    configure(PURPOSES={"allauth": {"CAPTCHA": "always"}}, CAPTCHA="tests.verification.test_captcha.only_right")
    answer = call(client, "auth/code/request", phone=f"+86{UNKNOWN}")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, None)
    assert answer.json()["errors"][0]["code"] == "throttled"
