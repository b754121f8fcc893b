"""The page of metrics: who may read it, what it says, what it costs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from django_ihuyi.models import AccountState, Heartbeat, Message, Receipt, WebhookDelivery, WebhookEndpoint
from django_ihuyi.watching import metrics

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
    with django_assert_num_queries(8):
        found = figures(client)
    assert found.pop(("oldest_due_seconds", "")) == pytest.approx(90, abs=30)
    assert found == {
        ("messages", "queued"): 2,
        ("messages", "submitting"): 0,
        ("messages", "unknown"): 1,
        ("account_paused", "default"): 0,
        ("last_push_timestamp_seconds", "receipt"): pytest.approx(now.timestamp(), abs=0.01),
        ("last_sweep_timestamp_seconds", ""): pytest.approx(now.timestamp(), abs=0.01),
        ("queue_delay_seconds", "default"): pytest.approx(4, abs=0.01),
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


def test_counting_has_an_end(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "CAP", 2)
    for _number in range(3):
        Message.objects.create(mobile="13800138000", content="您好")
    assert figures(client)["messages", "queued"] == 2
