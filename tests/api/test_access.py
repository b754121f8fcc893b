"""Who gets in: nobody unless the site says so, nobody without the verb's permission, nobody too often."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from django_ihuyi.api import problem_details
from django_ihuyi.api.access import caller_id as caller_of
from django_ihuyi.models import Batch, Message, OptOut, Template

from .conftest import API, MOBILE, Caller, open_api

pytestmark = pytest.mark.django_db

ENDPOINTS = [
    ("GET", "messages/", "view_message", "read"),
    ("POST", "messages/", "add_message", "write"),
    ("POST", "messages/bulk/", "add_message", "bulk"),
    ("GET", "messages/{message}/", "view_message", "read"),
    ("POST", "messages/{message}/cancel/", "change_message", "write"),
    ("GET", "batches/{batch}/", "view_batch", "read"),
    ("GET", "replies/", "view_reply", "read"),
    ("GET", "optouts/", "view_optout", "read"),
    ("POST", "optouts/", "add_optout", "write"),
    ("DELETE", "optouts/{opt_out}/", "delete_optout", "write"),
    ("POST", "verifications/", "add_verificationcode", "codes"),
    ("POST", "verifications/check/", "change_verificationcode", "codes"),
    ("GET", "templates/", "view_template", "read"),
    ("GET", "templates/{template}/", "view_template", "read"),
    ("GET", "balance/", "view_balancereading", "read"),
    ("GET", "stats/", "view_dashboard", "read"),
]
each = pytest.mark.parametrize(
    ("verb", "path", "permission", "scope"), ENDPOINTS, ids=[f"{verb} {path}" for verb, path, *_ in ENDPOINTS]
)


@pytest.fixture
def rows(db: None) -> dict[str, int]:
    return {
        "message": Message.objects.create(mobile=MOBILE, content="您好").pk,
        "batch": Batch.objects.create(category="marketing", account="default").pk,
        "opt_out": OptOut.objects.create(mobile=MOBILE).pk,
        "template": Template.objects.create(name="order-shipped", text="您的订单【变量】已发货。").pk,
    }


@each
def test_the_permission_of_each_verb(rows: dict[str, int], verb: str, path: str, permission: str, scope: str) -> None:
    caller = Caller("view_unmasked")
    path = path.format(**rows)
    refused = caller.call(verb, path, {})
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")
    assert refused.json()["type"] == "urn:django-ihuyi:permission-denied"
    caller.allow(permission)
    assert caller.call(verb, path, {}).status_code in {200, 204, 400}


@each
def test_nobody_gets_in_anywhere_unless_the_site_says_who(
    settings: Settings, caller: Caller, rows: dict[str, int], verb: str, path: str, permission: str, scope: str
) -> None:
    assert Client().generic(verb, API + path.format(**rows)).status_code == 403
    open_api(settings, PERMISSION_CLASSES=[])
    refused = caller.call(verb, path.format(**rows))
    assert (refused.status_code, refused.json()["title"]) == (404, "not found")


@each
def test_the_rate_of_each_scope(
    settings: Settings, caller: Caller, rows: dict[str, int], verb: str, path: str, permission: str, scope: str
) -> None:
    open_api(settings, THROTTLE_RATES={scope: "1/min"})
    path = path.format(**rows)
    assert caller.call(verb, path, {}).status_code != 429
    refused = caller.call(verb, path, {})
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:django-ihuyi:throttled")
    assert 1 <= refused.json()["retry_after"] == int(refused["Retry-After"]) <= 60
    other = Caller(permission, name="other")
    assert other.call(verb, path, {}).status_code != 429
    open_api(settings, THROTTLE_RATES={scope: None})
    assert caller.call(verb, path, {}).status_code != 429


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("PUT", "messages/", 405),
        ("OPTIONS", "messages/", 405),
        ("HEAD", "messages/", 200),
        ("GET", "batches/999999999/", 404),
        ("GET", "templates/999999999/", 404),
    ],
)
def test_other_verbs_and_rows(caller: Caller, verb: str, path: str, status: int) -> None:
    assert caller.call(verb, path).status_code == status


def test_a_sites_own_defaults_do_not_leak_in(settings: Settings, caller: Caller) -> None:
    settings.REST_FRAMEWORK = {
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_THROTTLE_CLASSES": ["no.such.Throttle"],
        "DEFAULT_PAGINATION_CLASS": "no.such.Pagination",
        "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.NamespaceVersioning",
        "EXCEPTION_HANDLER": "no.such.handler",
    }
    assert caller.get("messages/").json() == {"results": [], "next": None}
    assert caller.get("messages/?x=1").status_code == 400


def test_posts_from_a_browsers_session_need_its_token(caller: Caller) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(caller.user, backend="django.contrib.auth.backends.ModelBackend")
    refused = strict.post(f"{API}messages/", {}, content_type="application/json")
    assert (refused.status_code, "CSRF" in refused.json()["detail"]) == (403, True)


def test_other_ways_to_say_who_one_is(settings: Settings, db: None) -> None:
    open_api(settings, AUTHENTICATION_CLASSES=["rest_framework.authentication.BasicAuthentication"])
    refused = Client().get(f"{API}messages/")
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, 'Basic realm="api"')


@pytest.mark.parametrize("view", [False, True], ids=["may not view", "may view"])
def test_new_opt_out__of_a_number_that_is_there__is_told_to_who_may_view_it_only(
    rows: dict[str, int], view: bool
) -> None:
    OptOut.objects.update(reason="来电投诉")
    caller = Caller("add_optout", *["view_optout"] * view)
    there, new = [caller.post("optouts/", {"mobile": mobile, "reason": "x"}) for mobile in (MOBILE, "13712345679")]
    if view:
        assert (there.status_code, there.json()["reason"], new.status_code) == (200, "来电投诉", 201)
    else:
        assert (there.status_code, there.content) == (new.status_code, new.content) == (204, b"")
    assert set(OptOut.objects.values_list("mobile", "reason")) == {(MOBILE, "来电投诉"), ("13712345679", "x")}


@pytest.mark.parametrize(
    ("status", "expected"), [("queued", 204), *((one, 409) for one in Message.Status.values if one != "queued")]
)
def test_cancelling__by_who_may_not_view_messages__tells_nothing_of_the_message(
    db: None, status: str, expected: int
) -> None:
    row = Message.objects.create(mobile=MOBILE, content="您好", status=status, smsid="158", account="second")
    answer = Caller("change_message").post(f"messages/{row.pk}/cancel/")
    assert answer.status_code == expected
    if expected == 204:
        assert answer.content == b""
    else:
        assert answer.json()["detail"] == "The message is not queued any more."
        assert [word for word in (f'"{status}"', "158", "second", "137") if word in answer.content.decode()] == []


BASIC = ["rest_framework.authentication.BasicAuthentication"]
FIRST, SECOND = "203.0.113.7", "203.0.113.8"


def log_in(password: str, address: str = FIRST) -> Any:
    """Read as the user `shop`, by name and password."""
    credentials = base64.b64encode(f"shop:{password}".encode()).decode()
    return Client(REMOTE_ADDR=address).get(f"{API}messages/", headers={"Authorization": f"Basic {credentials}"})


@pytest.fixture
def shop(settings: Settings, db: None) -> None:
    """A user with a password, and a hash that costs next to nothing."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    user = get_user_model().objects.create_user("shop", password="right")
    user.user_permissions.add(Permission.objects.get(codename="view_message"))
    open_api(settings, AUTHENTICATION_CLASSES=BASIC, THROTTLE_RATES={"failures": "3/min"})


@pytest.mark.usefixtures("shop")
def test_who_guesses_is_refused_before_anything_is_looked_at(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    assert [log_in("wrong").status_code for _guess in range(3)] == [401] * 3
    with django_assert_num_queries(0):
        refused = log_in("right")
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:django-ihuyi:throttled")
    assert 1 <= refused.json()["retry_after"] == int(refused["Retry-After"]) <= 60
    assert log_in("right", SECOND).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert log_in("right").status_code == 200


@pytest.mark.usefixtures("shop")
def test_only_wrong_credentials_are_counted() -> None:
    for _time in range(5):
        assert log_in("right").status_code == 200
        assert Client(REMOTE_ADDR=FIRST).get(f"{API}messages/").status_code == 401
        assert log_in("right").status_code == 200


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("addresses", "statuses"),
    [
        (
            ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3", "2001:db8::4", "2001:db8:0:1::1"],
            [401, 401, 401, 429, 401],
        ),
        ([f"{FIRST}:{port}" for port in range(5000, 5004)], [401, 401, 401, 429]),
        ([f"[2001:db8::{port}]:{port}" for port in range(5000, 5004)], [401, 401, 401, 429]),
        ([""] * 4, [401, 401, 401, 429]),
    ],
    ids=["one client's IPv6", "with ports", "IPv6 with ports", "no address"],
)
def test_what_counts_as_one_address(addresses: list[str], statuses: list[int]) -> None:
    assert [log_in("wrong", address).status_code for address in addresses] == statuses


@pytest.mark.usefixtures("shop")
def test_a_site_can_let_anybody_guess(settings: Settings) -> None:
    open_api(settings, AUTHENTICATION_CLASSES=BASIC, THROTTLE_RATES={"failures": None})
    assert [log_in("wrong").status_code for _guess in range(25)] == [401] * 25


@pytest.mark.usefixtures("shop")
def test_the_usual_rate_of_guesses(settings: Settings) -> None:
    open_api(settings, AUTHENTICATION_CLASSES=BASIC)
    assert [log_in("wrong").status_code for _guess in range(21)] == [401] * 20 + [429]


def test_a_sites_own_refusal_is_a_problem_and_a_fault_is_none(db: None) -> None:
    refused = problem_details.handle(PermissionDenied(), {})
    assert refused is not None
    assert (refused.status_code, refused.data["type"]) == (403, "urn:django-ihuyi:permission-denied")
    assert problem_details.handle(RuntimeError(), {}) is None


def test_who_is_nobody_is_counted_by_address() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7")
    request.user = None  # type: ignore[assignment]
    assert caller_of(request) == "address:203.0.113.7"  # type: ignore[arg-type]
