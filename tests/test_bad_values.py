"""Values that no database, or not every one, can hold or compare: no page, endpoint or function fails on them.

Each value goes into each field of each page and endpoint, one at a time. PostgreSQL takes no NUL, UTF-8 has no halves
of surrogate pairs, and keys, numbers and times have ends.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from captcha.models import CaptchaStore
from django.apps import apps
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import include, path, reverse
from pytest_django import Settings

from django_ihuyi import offer_code, send_bulk, send_code, send_sms, verify_code
from django_ihuyi.contrib import simple_captcha
from django_ihuyi.contrib.auth import CodeBackend
from django_ihuyi.models import Message, Receipt, Reply, Template
from django_ihuyi.verification.models import VerificationCode
from tests.api.conftest import open_api
from tests.contrib.urls import urlpatterns as hosts
from tests.verification.pages import urlpatterns as pages

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls(__name__),
    pytest.mark.usefixtures("broker"),
    # Django's own, for a day in an address.
    pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime:RuntimeWarning"),
]

urlpatterns = [*pages, *hosts, path("ihuyi/", include("django_ihuyi.urls"))]

MOBILE = "13800138000"
CAPTCHA = "django_ihuyi.contrib.simple_captcha.check"
VALUES = {
    "NUL": "\x00",
    "NUL inside": "13800\x00138000",
    "replacement character": "\ufffd",
    "right to left": "\u202e13800138000\u202c",
    "long": "x" * 5_000,
    "number of many digits": "9" * 5_000,
    "too large a key": str(2**63),
    "list": "1,2,\x00",
}
IN_JSON = {**VALUES, "half of a pair": "\ud800", "other half": "a\udfff"}
MODELS = [model for model in apps.get_models() if model.__module__.startswith("django_ihuyi.")]
REGISTERED = [model for model in MODELS if admin.site.is_registered(model)]
DATED = [model for model in REGISTERED if getattr(admin.site.get_model_admin(model), "dated_by", "")]


@pytest.fixture
def staff(db: None, settings: Settings) -> Client:
    """Somebody who may see and do everything, and whose client tells of errors by the status."""
    settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": {}}
    client = Client(raise_request_exception=False)
    client.force_login(get_user_model().objects.create_superuser("root"))
    return client


def failures(answers: Iterator[tuple[str, Any]]) -> list[tuple[str, int]]:
    return [(what, answer.status_code) for what, answer in answers if answer.status_code >= 500]


def list_of(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def names_of(model: Any) -> list[str]:
    """What the address of a list may ask for."""
    own = admin.site.get_model_admin(model)
    filters = [one for one in own.list_filter if isinstance(one, type) and issubclass(one, SimpleListFilter)]
    return sorted({"q", "p", *getattr(own, "lookups", ()), *(str(one.parameter_name) for one in filters)})


def posts(client: Client, url: str, right: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Post a form that is right but for one field at a time."""
    for name in right:
        for label, value in VALUES.items():
            yield f"{url} {name}={label}", client.post(url, {**right, name: value})


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_list_of_the_admin__asked_for_a_bad_value__is_shown(staff: Client, model: Any) -> None:
    answers = (
        (f"{name}={label}", staff.get(list_of(model), {name: value}, follow=True))
        for name in names_of(model)
        for label, value in VALUES.items()
    )
    assert failures(answers) == []


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
@pytest.mark.parametrize("model", DATED, ids=lambda model: model.__name__)
def test_list_of_the_admin__asked_for_a_time_at_the_end_of_the_calendar__is_shown(
    staff: Client, settings: Settings, model: Any, zone: str
) -> None:
    settings.TIME_ZONE = zone
    field = admin.site.get_model_admin(model).dated_by  # type: ignore[attr-defined]  # of ours, says DATED
    values = ["0001-01-01", "0000-00-00", "9999-12-31", "9999-12-31 23:59:59+00:00", " 0001-01-01 00:00", "2026-02-30"]
    answers = (
        (f"{lookup}={value}", staff.get(list_of(model), {f"{field}__{lookup}": value}, follow=True))
        for lookup in ("gte", "lt")
        for value in values
    )
    assert failures(answers) == []


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_page_of_the_admin__of_a_bad_key__is_not_there(staff: Client, model: Any) -> None:
    answers = (
        (f"{part} {label}", staff.get(f"{list_of(model)}{quote(value, safe='')}/{part}/", follow=True))
        for part in ("change", "delete", "history")
        for label, value in VALUES.items()
    )
    assert failures(answers) == []


def test_forms_of_the_admin__with_a_bad_value__are_answered(staff: Client) -> None:
    message = Message.objects.create(mobile=MOBILE, content="x", status="unknown")
    reply = Reply.objects.create(mobile=MOBILE, content="x", reply_time_text="n1")
    receipt = Receipt.objects.create(mobile=MOBILE, code=2, msg="DELIVRD", report_time_text="n1")
    template = Template.objects.create(name="t", account="default", text="您好【变量】", variables=["a"])
    composed = {"account": "default", "template": "", "content": "您好", "params": "a", "nonce": "n"}
    chosen = {"_selected_action": message.pk, "select_across": "0", "newest": "1", "confirmed": "1"}
    written = {"name": "u", "account": "default", "text": "您好【变量】", "variables": "a", "template_id": ""}
    endpoint = {"name": "w", "url": "https://example.com/", "events": "message.accepted", "accounts": "default"}
    conversation = reverse("admin:django_ihuyi_conversation", args=["reply", reply.pk])
    forms: list[tuple[str, dict[str, Any]]] = [
        (list_of(Message), {"action": "give_up", **chosen}),
        (list_of(Reply), {"action": "mark_read", **chosen, "_selected_action": reply.pk}),
        (reverse("admin:django_ihuyi_receipt_match", args=[receipt.pk]), {"named": "1", "message": "1"}),
        (reverse("admin:django_ihuyi_test_send"), {"mobile": MOBILE, **composed}),
        (reverse("admin:django_ihuyi_test_send_trial"), {"mobile": MOBILE, **composed}),
        (conversation, composed),
        (f"{conversation}trial/", composed),
        (reverse("admin:django_ihuyi_message_export"), {"format": "csv", "texts": "1"}),
        (reverse("admin:django_ihuyi_optout_add"), {"mobile": MOBILE, "reason": "x"}),
        (reverse("admin:django_ihuyi_template_add"), written),
        (reverse("admin:django_ihuyi_template_change", args=[template.pk]), written),
        (reverse("admin:ihuyi_webhooks_webhookendpoint_add"), endpoint),
        (reverse("admin:ihuyi_otp_smsdevice_add"), {"user": "1", "name": "phone", "mobile": MOBILE}),
        (reverse("admin:login"), {"username": "root", "password": "x", "next": "/"}),
    ]
    assert failures(answer for url, right in forms for answer in posts(staff, url, right)) == []


def test_other_pages_of_the_admin__asked_for_a_bad_value__are_shown(staff: Client) -> None:
    reply = Reply.objects.create(mobile=MOBILE, content="x", reply_time_text="n1")
    Message.objects.create(mobile=MOBILE, content="x")
    asked = {
        reverse("admin:django_ihuyi_message_export"): names_of(Message),
        reverse("admin:ihuyi_dashboard_dashboard_changelist"): ["range", "from", "to", "account"],
        reverse("admin:django_ihuyi_balancereading_reconciliation"): ["range"],
        reverse("admin:django_ihuyi_test_send"): ["message"],
        reverse("admin:django_ihuyi_conversation", args=["reply", reply.pk]): ["messages", "replies"],
    }
    answers = (
        (f"{url} {name}={label}", staff.get(url, {name: value}))
        for url, names in asked.items()
        for name in names
        for label, value in VALUES.items()
    )
    assert failures(answers) == []


def test_pages_for_everybody__with_a_bad_value__are_answered(settings: Settings) -> None:
    settings.IHUYI = {
        **settings.IHUYI,
        "VERIFICATION": {"CAPTCHA": CAPTCHA, "CAPTCHA_WHEN": "always", "INTERVAL": 0},
    }
    client = Client(raise_request_exception=False)
    get_user_model().objects.create_user("somebody", password="tea-and-cake-9")
    code = {"mobile": MOBILE, "code": "123456", "password": "tea-and-cake-9"}
    asking = {**code, "send_code": "1", "captcha_0": CaptchaStore.generate_key(), "captcha_1": "ABCD"}
    forms: list[tuple[str, dict[str, Any]]] = [
        *((url, fields) for url in ("/open/", "/closed/") for fields in (code, asking)),
        ("/accounts/login/", {"login": MOBILE, "password": "x"}),
        ("/accounts/login/code/", {"phone": MOBILE}),
        ("/accounts/login/code/confirm/", {"code": "123456"}),
        ("/accounts/signup/", {"phone": MOBILE, "password1": "tea-and-cake-9"}),
        ("/accounts/phone/verify/", {"code": "123456"}),
        ("/account/login/", {"auth-username": "somebody", "auth-password": "x", "login_view-current_step": "auth"}),
    ]
    assert failures(answer for url, right in forms for answer in posts(client, url, right)) == []


@pytest.mark.parametrize("value", IN_JSON.values(), ids=IN_JSON)
def test_captcha__with_a_bad_key_or_answer__is_wrong(value: str) -> None:
    key = CaptchaStore.generate_key()
    for answer in ((value, "ABCD"), [value, value], (key, value), value, {value: value}):
        assert simple_captcha.check(answer, purpose="sign-up", ip=None) is False


@pytest.mark.parametrize("value", IN_JSON.values(), ids=IN_JSON)
def test_functions__given_a_bad_text__refuse_it_as_a_value(value: str) -> None:
    calls: tuple[Callable[[], object], ...] = (
        lambda: send_sms(value, "您好"),
        lambda: send_sms(MOBILE, "您好", idempotency_key=value * 2),
        lambda: send_sms(MOBILE, template=value, params=["1"]),
        lambda: send_sms(MOBILE, "您好", category=value),
        lambda: send_code(MOBILE, f"{value}{'x' * 32}"),
        lambda: send_code(MOBILE, "sign-up", ip=value),
        lambda: offer_code(value, "sign-up", known=False),
    )
    for call in calls:
        try:
            call()
        except ValueError:
            assert not VerificationCode.objects.exists()
    with pytest.raises(ValueError, match="database does not take"):
        send_code(MOBILE, "sign-up\x00")
    result = send_bulk([{"mobile": value, "content": f"\x00{value}"}])
    assert (result.recorded, result.refused_count) == (0, 1)
    assert not verify_code(MOBILE, value, "123456")
    assert not verify_code(value, "sign-up", value)
    assert CodeBackend().authenticate(None, mobile=value, code=value) is None


API = "/ihuyi/api/v1/"
QUERIES = {
    "messages/": ["status", "category", "mobile", "batch", "created_from", "created_until", "before", "limit", "x"],
    "replies/": ["mobile", "received_from", "received_until", "before", "limit"],
    "optouts/": ["mobile", "before", "limit"],
    "templates/": ["name", "account", "state", "before", "limit"],
    "balance/": ["account"],
    "stats/": ["from", "to", "range", "account"],
}
NOTICE = {"content": "您好", "template": "t", "params": ["a"], "category": "notification", "account": "default"}
TIMES = {"send_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-01T00:00:00Z"}
BODIES: dict[str, dict[str, Any]] = {
    "messages/": {"mobile": MOBILE, "metadata": {}, **NOTICE, **TIMES},
    "messages/bulk/": {"messages": [], **NOTICE, **TIMES},
    "optouts/": {"mobile": MOBILE, "reason": "x"},
    "verifications/": {
        "mobile": MOBILE,
        "purpose": "x",
        "ip": "203.0.113.7",
        "account": "default",
        "captcha": ["a", "b"],
    },
    "verifications/check/": {"mobile": MOBILE, "purpose": "sign-up", "code": "123456"},
}


@pytest.fixture
def api(staff: Client, settings: Settings) -> Client:
    """A caller without rates, on a site that asks for captchas."""
    open_api(settings, THROTTLE_RATES=dict.fromkeys(("read", "write", "bulk", "codes", "failures")))
    own = {"INTERVAL": 0, "CAPTCHA": CAPTCHA, "CAPTCHA_WHEN": "always"}
    settings.IHUYI = {**settings.IHUYI, "VERIFICATION": own}
    return staff


def test_queries_of_the_api__with_a_bad_value__are_answered(api: Client) -> None:
    answers = (
        (f"{where} {name}={label}", api.get(API + where, {name: value}))
        for where, names in QUERIES.items()
        for name in names
        for label, value in VALUES.items()
    )
    assert failures(answers) == []


@pytest.mark.parametrize("where", BODIES)
def test_bodies_of_the_api__with_a_bad_value__are_answered(api: Client, where: str) -> None:
    right = BODIES[where]
    answers = (
        (
            f"{name}={label} in {type(wrapped).__name__}",
            api.post(API + where, json.dumps({**right, name: wrapped}), content_type="application/json"),
        )
        for name in right
        for label, value in IN_JSON.items()
        for wrapped in (value, [value, value], {value: value}, [{"mobile": value, "content": value}])
    )
    assert failures(answers) == []
