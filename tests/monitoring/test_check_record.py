"""``ihuyi_check``: what the record shows of messages, workers, paused accounts, webhooks and apps that are gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError
from django.db import IntegrityError, connection
from django.test import modify_settings
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi import hooks
from django_ihuyi.health_result import Level
from django_ihuyi.models import Message
from django_ihuyi.monitoring import database_health, health
from django_ihuyi.privacy import retention
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.monitoring.helpers import accepted, ago, due, heart, message, paused, run

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("check", "made", "status", "said"),
    [
        ("waiting", due(60), 0, "1 are due"),
        ("waiting", due(130), 1, "oldest for 130 s"),
        ("waiting", due(1000), 2, "oldest for 1000 s"),
        ("waiting", lambda: message(due_at=ago(hours=-1)), 0, "0 are due"),
        ("claims", lambda: message(status="submitting", claimed_until=ago(seconds=90)), 1, "1 are with a worker"),
        ("claims", lambda: message(status="submitting", claimed_until=ago(seconds=30)), 0, "0 are with a worker"),
        ("unknown", lambda: message(status="unknown", submitted_at=ago(hours=1)), 1, "1 of the last day"),
        ("unknown", lambda: message(status="unknown", submitted_at=ago(hours=25)), 0, "0 of the last day"),
        (
            "unknown",
            lambda: message(status="unknown", submitted_at=ago(hours=1), given_up_at=ago(hours=0)),
            0,
            "0 of the last day",
        ),
        ("receipts", accepted(1, 2), 1, "no receipt has come"),
        ("receipts", accepted(10, 2), 2, "PUSH_TOKENS"),
        ("receipts", accepted(10, 2, last_receipt=1), 0, "receipts arrive"),
        ("receipts", accepted(10, 2, last_receipt=3), 2, "no receipt has come"),
        ("receipts", accepted(10, 0.5), 0, "receipts arrive"),
        ("pauses", paused(4051), 2, "code 4051"),
        ("pauses", paused(None), 2, "does not answer"),
        ("sweep", lambda: None, 2, "no sweep has ever run"),
        ("sweep", heart("sweep", beaten_at=100), 1, "100 s ago"),
        ("sweep", heart("sweep", beaten_at=400), 2, "beat"),
        ("queues", lambda: None, 3, "no sweep has asked"),
        ("queues", heart("queue:", asked_at=200), 1, "waiting for 200 s"),
        ("queues", heart("queue:", asked_at=1000), 2, "Start a worker with -Q"),
        ("queues", heart("queue:", asked_at=3600, beaten_at=3300), 1, "takes 300.0 s"),
    ],
)
def test_the_record(check: str, made: Callable[[], None], status: int, said: str) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        made()
        ended, text = run("--only", check)
    assert ended == status, text
    assert said in text
    assert "13800138000" not in text


def test_a_paused_account_is_told_by_itself() -> None:
    paused(405)()
    due(1000)()
    assert run("--only", "waiting")[0] == 0


def test_counting_has_an_end() -> None:
    then = ago(seconds=1)
    Message.objects.bulk_create(
        Message(mobile="13800138000", content="x", due_at=then, publish_at=then)
        for _number in range(database_health.CAP + 1)
    )
    assert "1000+ are due" in run("--only", "waiting")[1]


def _webhooks(hours: float, **values: Any) -> None:
    endpoint = WebhookEndpoint.objects.create(name="shop", url="https://a.example", **values)
    WebhookDelivery.objects.create(
        endpoint=endpoint, event_id="evt_1", event="ping", status="dead", ended_at=ago(hours=hours)
    )


@pytest.mark.parametrize(
    ("on", "hours", "values", "status", "said"),
    [
        (False, 1, {}, 0, "no other system"),
        (True, 1, {}, 1, "1 webhook deliveries were given up"),
        (True, 25, {}, 0, "0 webhook deliveries were given up"),
        (True, 25, {"active": False}, 0, "0 webhook"),
        (True, 25, {"active": False, "disabled_reason": "The receiver answered 410 Gone."}, 1, "webhooks shop"),
    ],
    ids=["off", "dead", "dead long ago", "off by hand", "gone"],
)
def test_webhooks(on: bool, hours: float, values: dict[str, Any], status: int, said: str, settings: Settings) -> None:
    if on:
        settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": {}}
    _webhooks(hours, **values)
    ended, text = run("--only", "webhooks")
    assert ended == status, text
    assert said in text


def test_checks__without_the_app_of_webhooks__know_no_such_name() -> None:
    with modify_settings(INSTALLED_APPS={"remove": ["django_ihuyi.webhooks"]}):
        with pytest.raises(CommandError, match="invalid choice: 'webhooks'"):
            run("--only", "webhooks")
        assert "webhooks" not in [finding.check for finding in health.run_health_checks()]
    assert run("--only", "webhooks")[0] == 0


def test_checks__with_all_apps__are_in_the_order_of_old() -> None:
    assert list(health.all_checks())[-3:] == ["pauses", "tables", "webhooks"]


@contextmanager
def existing(*names: str) -> Iterator[None]:
    """Within: tables of these names are in the database."""
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"CREATE TABLE {name} (id integer)")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for name in names:
                cursor.execute(f"DROP TABLE {name}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("left_out", "tables", "found"),
    [
        ([], [], {}),
        (["django_ihuyi.webhooks"], ["ihuyi_webhookshop", "shop_ihuyi_webhooks_x"], {"ihuyi_webhooks": 2}),
        (["django_ihuyi.verification", "django_ihuyi.api"], [], {"ihuyi_verification": 3, "ihuyi_api": 1}),
        (["django_ihuyi.dashboard"], [], {"ihuyi_dashboard": 4}),
        (["django_ihuyi.contrib.otp"], [], {"ihuyi_otp": 1}),
    ],
    ids=["all", "tables of others", "two apps", "dashboard", "devices"],
)
def test_tables__of_apps_that_are_not_installed__are_a_warning(
    left_out: list[str], tables: list[str], found: dict[str, int]
) -> None:
    with existing(*tables), modify_settings(INSTALLED_APPS={"remove": left_out}):
        findings = health.run_health_checks(only=["tables"])
        status, text = run("--only", "tables")
    assert {one.subject: one.figures["count"] for one in findings if one.level is Level.WARNING} == found
    assert status == bool(found), text
    for label in found:
        assert f"run migrate {label} zero" in text
        assert f"Add {hooks.OUR_FEATURES[label]} to INSTALLED_APPS" in text


@pytest.mark.django_db(transaction=True)
def test_tables__of_an_app_that_is_gone__are_what_keeps_messages_from_deletion(settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "RETENTION_DAYS": 7}
    then = ago(hours=24 * 8)
    fields = {"mobile": "13800138000", "content": "x", "status": "delivered", "created_at": then, "submitted_at": then}
    kept = Message.objects.create(**fields)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE ihuyi_webhooks_x "
            "(message_id bigint NOT NULL, FOREIGN KEY (message_id) REFERENCES django_ihuyi_message (id))"
        )
        cursor.execute("INSERT INTO ihuyi_webhooks_x VALUES (%s)", [kept.pk])
    try:
        with modify_settings(INSTALLED_APPS={"remove": ["django_ihuyi.webhooks"]}):
            with pytest.raises(IntegrityError):
                retention.purge(timezone.now())
            assert run("--only", "tables")[0] == 1
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE ihuyi_webhooks_x")
