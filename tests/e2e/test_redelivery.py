"""A broker that hands tasks out again while a worker still has them: real processes, one Submit a message."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from tests import services

from .processes import Stack, manage, new_mobile, wait_for

NUMBER = 8
"""Messages: as many tasks as a worker of two takes at once. The last ones wait in its hands for three calls."""
_SEND = "from django_ihuyi import send_sms\nfor mobile in {!r}:\n    send_sms(mobile, '您的订单已发货，请注意查收。')"


@pytest.mark.e2e
@pytest.mark.service("postgresql", "redis")
def test_tasks_that_outlast_the_visibility_time_out_submit_once(tmp_path: Path) -> None:
    mobiles = [new_mobile() for _ in range(NUMBER)]
    with services.postgresql_database() as database, services.redis_database() as broker:
        places = {"DATABASE_URL": database, "CELERY_BROKER_URL": broker}
        stack = Stack(tmp_path / "data", "--latency=2", DJANGO_SETTINGS_MODULE="tests.e2e.impatient_settings", **places)
        try:
            # What is sent before there is a worker waits in the queue, and then in the worker's hands.
            stack.start(before=lambda: _send(stack, mobiles))
            rows = wait_for(partial(_accepted, database), "the end of all messages", 60)
            taken = [len(stack.texts(mobile)) for mobile in mobiles]
        finally:
            stack.stop()
    assert rows == [(1, 0)] * NUMBER
    assert taken == [1] * NUMBER
    log = (stack.logs / "worker.log").read_text(encoding="utf-8")
    received = Counter(re.findall(r"submit_message\[(.+)\] received", log))
    assert len(received) == NUMBER
    assert max(received.values()) > 1, "no task was handed out again: nothing is shown"


def _send(stack: Stack, mobiles: list[str]) -> None:
    manage(stack.environment, "shell", "--no-imports", "--command", _SEND.format(mobiles))


def _accepted(database: str) -> list[tuple[int, int]] | None:
    """How often each message was claimed and published by the sweep, once all are accepted."""
    # Only where PostgreSQL is: its driver is no part of what every test run installs.
    import psycopg

    rows = "SELECT attempts, publishes FROM django_ihuyi_message WHERE accepted_at IS NOT NULL"
    with psycopg.connect(database) as connection:
        found = connection.execute(rows).fetchall()
    return found if len(found) == NUMBER else None
