"""``ihuyi_check``: what the record shows of messages, workers, paused accounts and webhooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.models import WebhookDelivery, WebhookEndpoint
from django_ihuyi.watching import record
from tests.watching.working import accepted, ago, due, heart, message, paused, run

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


def test_counting_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "CAP", 2)
    for _number in range(3):
        due(1)()
    assert "2+ are due" in run("--only", "waiting")[1]


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
