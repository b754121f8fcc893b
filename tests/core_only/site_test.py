"""Notices are sent and reported, and nothing of a feature is there."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import pytest
import responses
from core_site.celery import app  # noqa: F401  the application that tasks are bound to
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

import django_ihuyi
from django_ihuyi.models import Message, OptOut, Receipt, Reply

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = {
    "accountstate",
    "balancereading",
    "batch",
    "heartbeat",
    "message",
    "optout",
    "receipt",
    "reply",
    "template",
    "templatereview",
}
CODE_FUNCTIONS = {
    "send_code": ("13800138000", "sign-up"),
    "offer_code": ("13800138000", "sign-up"),
    "verify_code": ("13800138000", "sign-up", "123456"),
}


@pytest.fixture
def gateway() -> Any:
    """A gateway that accepts everything."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        url = settings.IHUYI["ACCOUNTS"]["default"]["BASE_URL"]
        mock.post(url, json={"code": 2, "msg": "提交成功", "smsid": "15870246956696820530"})
        yield mock


def push(kind: str, **fields: str) -> bytes:
    return Client().post(f"/ihuyi/push/{settings.PUSH_TOKEN}/{kind}/", fields).content


def test_tables__after_migrating__are_those_of_the_core() -> None:
    names = [name for name in connection.introspection.table_names() if "ihuyi" in name]
    assert set(names) == {f"django_ihuyi_{name}" for name in TABLES}


def test_models__of_the_core__are_all_that_there_are() -> None:
    ours = {model._meta.label for model in apps.get_models() if model.__module__.startswith("django_ihuyi")}
    assert {label.partition(".")[2].lower() for label in ours} == TABLES


def test_checks__of_the_site__find_nothing() -> None:
    found = [message for message in run_checks() if str(message.id).startswith("django_ihuyi.")]
    assert [message.id for message in found] == []


def test_makemigrations__of_the_site__finds_nothing_to_do() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.usefixtures("gateway")
def test_message__with_its_receipt_and_a_reply__is_delivered() -> None:
    message = django_ihuyi.send_sms("13800138000", "您的订单已发货。")
    message.refresh_from_db()
    assert (message.status, message.smsid) == ("accepted", "15870246956696820530")
    fields = {"mobilephone": message.mobile, "smsid": str(message.smsid)}
    assert push("receipt", code="2", msg="DELIVRD", report_time="2026-11-30 12:00:00", **fields) == b"success"
    assert push("reply", content="TD", reply_time="2026-11-30 12:01:00", **fields) == b"success"
    message.refresh_from_db()
    assert message.status == "delivered"
    assert (Receipt.objects.count(), Reply.objects.count(), OptOut.objects.count()) == (1, 1, 1)


@pytest.mark.usefixtures("gateway")
def test_bulk__of_notices__is_accepted() -> None:
    result = django_ihuyi.send_bulk((f"1380013800{number}", "您的订单已发货。") for number in range(5))
    assert result.recorded == 5
    assert set(Message.objects.values_list("status", flat=True)) == {"accepted"}


@pytest.mark.usefixtures("gateway")
def test_admin__of_the_site__shows_the_pages_of_the_core(admin_client: Client) -> None:
    message = django_ihuyi.send_sms("13800138000", "您的订单已发货。")
    models = [model for model in admin.site._registry if model.__module__.startswith("django_ihuyi")]
    assert {model._meta.app_label for model in models} == {"django_ihuyi"}
    for model in models:
        address = reverse(f"admin:django_ihuyi_{model._meta.model_name}_changelist")
        assert admin_client.get(address).status_code == 200, address
    assert admin_client.get(reverse("admin:django_ihuyi_message_change", args=[message.pk])).status_code == 200
    assert admin_client.get(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize(
    "command",
    [("ihuyi_sweep",), ("ihuyi_purge",), ("ihuyi_erase", "13800138000", "--no-input")],
    ids=lambda command: str(command[0]),
)
def test_command__of_the_core__works(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    call_command(*command)
    assert capsys.readouterr().out


def test_urls__of_the_api__are_not_there() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("django_ihuyi:api-messages")
    assert Client().get("/ihuyi/api/v1/messages/").status_code == 404


@pytest.mark.parametrize("name", CODE_FUNCTIONS)
def test_code_function__without_its_app__names_the_app_to_add(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r'"django_ihuyi\.verification".*INSTALLED_APPS'):
        getattr(django_ihuyi, name)(*CODE_FUNCTIONS[name])


@pytest.mark.parametrize("name", ["verification", "webhooks", "dashboard", "api"])
def test_models__of_a_feature_that_is_not_installed__name_the_app_to_add(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=rf'"django_ihuyi\.{name}".*INSTALLED_APPS'):
        import_module(f"django_ihuyi.{name}.models")


def test_rest_framework__in_a_site_without_the_api__is_not_imported() -> None:
    assert get_resolver().url_patterns
    assert "rest_framework" not in sys.modules
