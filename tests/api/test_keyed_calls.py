"""What is kept of a call cannot be found out by trying, is erased with the person, and outlives the site's key."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi import send_sms
from django_ihuyi.api.models import ApiCall
from django_ihuyi.mobile_hash import hash_mobile
from django_ihuyi.models import Batch, Message, Receipt, Reply
from django_ihuyi.privacy import erasure
from tests.features import our_models
from tests.pushes.push_client import RECEIPT, REPLY, push

from .conftest import Caller

pytestmark = pytest.mark.django_db(transaction=True)

MOBILE = "13800138000"
OTHER = "13900139000"
GOOD = {"mobile": MOBILE, "content": "您好"}
BULK = {"content": "您好", "messages": [{"mobile": MOBILE}, {"mobile": OTHER}]}


def digests() -> set[tuple[str, str, str]]:
    """Table, column and value of everything in the record that may be a digest."""
    return {
        (model.__name__, column, found)
        for model in our_models()
        for row in model._default_manager.values()
        for column, value in row.items()
        if isinstance(value, str)
        for found in re.findall(r"[0-9a-f]{16,}", value)
        if not found.isdecimal()
    }


def leave_traces(caller: Caller, client: Client) -> set[tuple[str, str, str]]:
    """Do everything of which the record keeps a digest. Returns the digests, and empties the tables."""
    caller.post("messages/", GOOD, Idempotency_Key=f"welcome-{MOBILE}")
    caller.post("messages/bulk/", BULK, Idempotency_Key=f"campaign-{MOBILE}")
    push(client, "receipt", RECEIPT)
    push(client, "reply", {**REPLY, "content": "我的身份证号是 110101199003070000"})
    message = send_sms(MOBILE, "您好")
    Message.objects.filter(pk=message.pk).update(mobile=hash_mobile(MOBILE))
    found = digests()
    for model in (ApiCall, Receipt, Reply, Message, Batch):
        model._default_manager.all().delete()
    return found


def test_a_digest__of_a_number_or_a_text__depends_on_the_sites_key(
    caller: Caller, client: Client, settings: Settings
) -> None:
    before = leave_traces(caller, client)
    assert {(table, column) for table, column, _value in before} == {
        ("ApiCall", "key"),
        ("ApiCall", "fingerprint"),
        ("Message", "idempotency_key"),
        ("Batch", "idempotency_key"),
        ("Message", "mobile"),
        ("Receipt", "fingerprint"),
        ("Reply", "fingerprint"),
    }
    settings.SECRET_KEY = "another"
    caller.client.force_login(caller.user, backend="django.contrib.auth.backends.ModelBackend")
    after = leave_traces(caller, client)
    assert len(after) == len(before)
    assert after & before == set()


@pytest.mark.parametrize("hashed", [False, True])
@pytest.mark.parametrize(("path", "body", "left"), [("messages/", GOOD, 1), ("messages/bulk/", BULK, 1)])
def test_an_erasure__of_a_person__removes_the_calls_about_them(
    caller: Caller, path: str, body: dict[str, Any], left: int, hashed: bool
) -> None:
    caller.post(path, body, Idempotency_Key="about-them")
    caller.post("messages/", {**GOOD, "mobile": OTHER}, Idempotency_Key="about-another")
    caller.post("messages/", GOOD)
    assert ApiCall.objects.count() == 2
    Message.objects.update(status="delivered")
    if hashed:
        Message.objects.filter(mobile=MOBILE).update(mobile=hash_mobile(MOBILE))
    assert erasure.count(MOBILE)["ihuyi_api.ApiCall"] == 1
    assert erasure.erase(MOBILE)["ihuyi_api.ApiCall"] == 1
    assert ApiCall.objects.count() == left
    assert erasure.erase(MOBILE)["ihuyi_api.ApiCall"] == 0
    # The other's call is known still.
    again = caller.post("messages/", {**GOOD, "mobile": OTHER, "content": "别的"}, Idempotency_Key="about-another")
    assert again.status_code == 409


@pytest.mark.parametrize("forgotten", [False, True], ids=["noted", "after a week"])
@pytest.mark.parametrize("path", ["messages/", "messages/bulk/"])
def test_the_same_key__after_the_sites_key_changed__sends_nothing_again(
    caller: Caller, settings: Settings, path: str, forgotten: bool
) -> None:
    body: dict[str, Any] = GOOD if path == "messages/" else BULK
    first = caller.post(path, body, Idempotency_Key="order-7").json()
    recorded = Message.objects.count()
    if forgotten:
        ApiCall.objects.update(created_at=timezone.now() - timedelta(days=8))
        ApiCall.objects.forget(timezone.now(), most=10)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", ["older", settings.SECRET_KEY]
    again = caller.post(path, body, Idempotency_Key="order-7")
    assert again.status_code == 202
    names = ("id",) if path == "messages/" else ("batch", "recorded")
    assert [again.json()[name] for name in names] == [first[name] for name in names]
    assert Message.objects.count() == recorded
    assert caller.post(path, {**body, "content": "别的"}, Idempotency_Key="order-7").status_code == 409
    # A new key is noted with the new one.
    assert caller.post(path, body, Idempotency_Key="order-8").status_code == 202
    settings.SECRET_KEY_FALLBACKS = []
    caller.client.force_login(caller.user, backend="django.contrib.auth.backends.ModelBackend")
    assert caller.post(path, {**body, "content": "别的"}, Idempotency_Key="order-8").status_code == 409
