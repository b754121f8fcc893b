"""The page of metrics: who may read it, what it says, what it costs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client, modify_settings
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from django_ihuyi.dashboard.metrics import collect
from django_ihuyi.dashboard.models import CodeTally, MessageTally
from django_ihuyi.dashboard.time_slots import slot_of
from django_ihuyi.models import AccountState, BalanceReading, Heartbeat, Message, Receipt
from django_ihuyi.monitoring import metrics
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint

TOKEN = "tests-metrics-token-0123456789"
URL = "/ihuyi/metrics/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _tokens(settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "METRICS_TOKENS": ["tests-metrics-token-of-before", TOKEN]}


def figures(client: Client) -> dict[tuple[str, str], float]:
    """Read the page; each figure by its name and its label's value."""
    answer = client.get(URL, headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["Cache-Control"].startswith("max-age=0")
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name.removeprefix("ihuyi_"), "".join(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        ("Bearer tests-metrics-token-of-before", 200),
        (f"Bearer {TOKEN}x", 404),
        ("Bearer é", 404),
        ("Bearer ", 404),
        (TOKEN, 404),
        (f"Basic {TOKEN}", 404),
        ("", 404),
    ],
)
def test_who_may_read(header: str, status: int, client: Client) -> None:
    assert client.get(URL, headers={"Authorization": header}).status_code == status


def test_nobody_without_a_token_in_the_settings(settings: Settings, client: Client) -> None:
    settings.IHUYI = {**settings.IHUYI, "METRICS_TOKENS": []}
    assert client.get(URL, headers={"Authorization": "Bearer "}).status_code == 404


def test_nothing_is_posted(client: Client) -> None:
    assert client.post(URL, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405


def test_the_figures(client: Client, django_assert_num_queries: Any) -> None:
    now = timezone.now()
    for status in ("queued", "queued", "unknown", "delivered"):
        then = now - timedelta(seconds=90)
        Message.objects.create(mobile="13800138000", content="您好", status=status, due_at=then, publish_at=then)
    AccountState.objects.create(account="default", paused_since=None)
    Receipt.objects.create(mobile="1", code=2, received_at=now)
    Heartbeat.objects.create(name="sweep", beaten_at=now)
    Heartbeat.objects.create(name="queue:", asked_at=now - timedelta(seconds=4), beaten_at=now)
    BalanceReading.objects.create(account="default", remaining=7)
    BalanceReading.objects.create(account="default", remaining=5)
    with django_assert_num_queries(13):
        found = figures(client)
    assert found.pop(("oldest_due_seconds", "")) == pytest.approx(90, abs=30)
    assert found == {
        ("messages", "queued"): 2,
        ("messages", "submitting"): 0,
        ("messages", "unknown"): 1,
        ("account_paused", "default"): 0,
        ("balance", "default"): 5,
        ("last_push_timestamp_seconds", "receipt"): pytest.approx(now.timestamp(), abs=0.01),
        ("last_sweep_timestamp_seconds", ""): pytest.approx(now.timestamp(), abs=0.01),
        ("queue_delay_seconds", "default"): pytest.approx(4, abs=0.01),
    }


def _tally(when: datetime, status: str, messages: int, code: int | None = 2, account: str = "default") -> None:
    MessageTally.objects.create(
        slot=slot_of(when),
        account=account,
        category="notification",
        status=status,
        code=code,
        messages=messages,
        segments=2 * messages,
    )


@time_machine.travel("2026-11-01T00:10:00Z", tick=False)
def test_what_only_grows_is_that_of_the_month(client: Client) -> None:
    now = timezone.now()
    _tally(now - timedelta(minutes=30), "delivered", 1000)
    CodeTally.objects.create(slot=slot_of(now) - 1, purpose="sign-up", sent=1000, entered=1000)
    for later in (timedelta(), timedelta(minutes=40)):
        for status, messages in (("queued", 1), ("accepted", 2), ("delivered", 4), ("undelivered", 8), ("unknown", 16)):
            _tally(now + later, status, messages, code=None if status in ("queued", "unknown") else 2)
        _tally(now + later, "rejected", 32, code=4072)
        _tally(now + later, "rejected", 64, code=None, account="second")
        CodeTally.objects.create(slot=slot_of(now + later), purpose="sign-up", sent=9, entered=4)
    found = {key: value for key, value in figures(client).items() if key[0].endswith("_total")}
    assert found == {
        ("recorded_total", "defaultnotification"): 126,
        ("recorded_total", "secondnotification"): 128,
        ("taken_total", "defaultnotification"): 28,
        ("segments_total", "defaultnotification"): 56,
        ("delivered_total", "defaultnotification"): 8,
        ("rejected_total", "default4072"): 64,
        ("rejected_total", "secondnone"): 128,
        ("codes_sent_total", "sign-up"): 18,
        ("codes_entered_total", "sign-up"): 8,
    }


def test_an_empty_site(client: Client) -> None:
    assert figures(client)["oldest_due_seconds", ""] == 0


def test_a_pause_shows(client: Client) -> None:
    AccountState.objects.create(account="default", paused_since=timezone.now())
    assert figures(client)["account_paused", "default"] == 1


def test_webhooks_that_wait_or_were_given_up(client: Client, settings: Settings) -> None:
    assert ("webhook_deliveries", "dead") not in figures(client)
    settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": {}}
    endpoint = WebhookEndpoint.objects.create(name="shop", url="https://a.example")
    for number, status in enumerate(("dead", "dead", "pending", "delivered")):
        WebhookDelivery.objects.create(endpoint=endpoint, event_id=f"evt_{number}", event="ping", status=status)
    found = figures(client)
    assert (found["webhook_deliveries", "dead"], found["webhook_deliveries", "pending"]) == (2, 1)


def test_counting_has_an_end() -> None:
    for _number in range(3):
        Message.objects.create(mobile="13800138000", content="您好")
    text = metrics.render(cap=2)[0].decode()
    assert 'ihuyi_messages{status="queued"} 2.0' in text
    assert "Messages in this status, 2 at the most." in text


NAMES = [
    *("messages", "oldest_due_seconds"),
    *("recorded", "taken", "segments", "delivered", "rejected", "codes_sent", "codes_entered"),
    *("account_paused", "balance"),
    "last_push_timestamp_seconds",
    *("last_sweep_timestamp_seconds", "queue_delay_seconds"),
    "webhook_deliveries",
]
OF_FEATURES = {"django_ihuyi.dashboard": NAMES[2:9], "django_ihuyi.webhooks": NAMES[-1:]}


@pytest.mark.parametrize("left_out", [[], *([name] for name in OF_FEATURES), list(OF_FEATURES)], ids=str)
def test_figures__with_features_left_out__are_those_of_the_others_in_order(
    left_out: list[str], settings: Settings
) -> None:
    settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": {}}
    gone = {name for feature in left_out for name in OF_FEATURES[feature]}
    with modify_settings(INSTALLED_APPS={"remove": left_out}):
        families = text_string_to_metric_families(metrics.render()[0].decode())
        names = [family.name.removeprefix("ihuyi_") for family in families]
    assert names == [name for name in NAMES if name not in gone]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
def test_a_site_with_naive_times_counts_by_the_same_months(zone: str, settings: Settings) -> None:
    settings.USE_TZ = False
    settings.TIME_ZONE = zone
    with time_machine.travel("2026-11-01T00:10:00Z", tick=False):
        _tally(timezone.now(), "delivered", 1)
        _tally(timezone.now() - timedelta(minutes=30), "delivered", 2)
        found = {family.name: family.samples for family in collect(timezone.now())}
    assert [sample.value for sample in found["ihuyi_delivered"]] == [1]
