"""A worker is killed while a receiver reads its event: another worker posts it again, under the same id."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.webhooks.receiver import Post, Receiver

from .processes import Stack, manage, new_mobile, wait_for

pytestmark = pytest.mark.e2e

_SUBSCRIBE = (
    "from django_ihuyi.webhooks.models import WebhookEndpoint\n"
    "WebhookEndpoint.objects.create(name='shop', url={url!r}, events=['message.delivered'])"
)
_SEND = (
    "from django_ihuyi import send_sms\nsend_sms({mobile!r}, '您的订单已发货，请注意查收。', metadata={{'order': 7}})"
)
_AGO = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(0))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that reads and does not answer until it is let."""
    receiver = Receiver()
    receiver.may_answer.clear()
    yield receiver
    receiver.may_answer.set()
    receiver.stop()


@pytest.fixture
def stack(tmp_path: Path, receiver: Receiver) -> Iterator[Stack]:
    stack = Stack(
        tmp_path / "data", DJANGO_SETTINGS_MODULE="tests.e2e.webhook_settings", WEBHOOK_PORT=str(receiver.port)
    )
    subscribe = _SUBSCRIBE.format(url=receiver.url)
    try:
        stack.start(before=lambda: manage(stack.environment, "shell", "--no-imports", "--command", subscribe))
        yield stack
    finally:
        stack.stop()
    assert stack.found_secrets() == []


def test_a_killed_worker_s_event_comes_again(stack: Stack, receiver: Receiver) -> None:
    mobile = new_mobile()
    stack.secrets |= {mobile: "number", "of-the-receiver": "token of the receiver"}
    manage(stack.environment, "shell", "--no-imports", "--command", _SEND.format(mobile=mobile))
    wait_for(partial(_posts, receiver, 1), "the first post", 60)
    worker = stack.processes[1]
    worker.end()  # SIGKILL, children included
    database = stack.folder / "site.sqlite3"
    assert _row(database) == ("sending", 1)
    # Nobody waits for the claim to run out, nor for the pause after it.
    _change(database, "claimed_until = ?", _AGO)
    receiver.may_answer.set()
    worker.start(stack.environment)
    wait_for(lambda: _row(database) == ("pending", 1), "the end of the claim", 90)
    _change(database, "due_at = ?, publish_at = ?", _AGO, _AGO)
    first, second = wait_for(partial(_posts, receiver, 2), "the second post", 60)
    wait_for(lambda: _row(database) == ("delivered", 2), "the end of the delivery")
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert second.event["type"] == "message.delivered"
    # The endpoint is not marked for whole numbers and metadata.
    assert mobile not in second.body.decode()
    assert "metadata" not in second.event["data"]


def _posts(receiver: Receiver, count: int) -> list[Post]:
    return receiver.posts if len(receiver.posts) >= count else []


def _row(database: Path) -> tuple[str, int]:
    with closing(sqlite3.connect(database, timeout=20)) as connection:
        [(status, attempts)] = connection.execute(
            "SELECT status, attempts FROM ihuyi_webhooks_webhookdelivery"
        ).fetchall()
    return status, attempts


def _change(database: Path, changes: str, *values: str) -> None:
    with closing(sqlite3.connect(database, timeout=20)) as connection, connection:
        connection.execute(f"UPDATE ihuyi_webhooks_webhookdelivery SET {changes}", values)
