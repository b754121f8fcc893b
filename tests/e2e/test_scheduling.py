"""Who goes first, and who has a chunk: real workers on PostgreSQL and Redis, observed at the tables only.

One run of a good minute shows it for two accounts with rates of their own: a campaign of twelve processes with codes
beside it, which takes longer than the sweep waits for a task; and a bulk whose worker has a soft time limit.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from example_project import commands
from tests import services

from .processes import Stack, manage, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.service("postgresql", "redis")]

CODES = 10
LIMITED = 500
SECONDS = 75
_BULKS = f"""
from django_ihuyi import send_bulk
def texts(prefix, count):
    return ((f"{{prefix}}{{number:07}}", "新品上市，退订回T") for number in range(count))
send_bulk(texts(1372, {LIMITED}), account="limited", category="marketing")
send_bulk(texts(1373, 600), category="marketing", batch_size=50)
"""
_CODES = """
import time
from django_ihuyi import send_sms
for number in range({}):
    send_sms(f"1374{{number:07}}", "您的验证码是：123456。", category="verification")
    time.sleep(1)
"""


class _Row(NamedTuple):
    """A message after the run, with Unix times. What it belongs to: codes, or the account's bulk."""

    kind: str
    status: str
    attempts: int
    created: float
    submitted: float | None


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[_Row]]:
    """What the table says of each message after the run: kind, status, attempts, and two times as Unix times."""
    folder: Path = tmp_path_factory.mktemp("scheduling")
    with services.postgresql_database() as database, services.redis_database() as broker:
        places = {"DATABASE_URL": database, "CELERY_BROKER_URL": broker, "CELERY_QUEUE": "codes"}
        stack = Stack(folder / "data", DJANGO_SETTINGS_MODULE="tests.e2e.scheduling_settings", **places)
        campaigns = ("--queues=campaigns", "--concurrency=12", "--soft-time-limit=8")
        stack.processes.append(commands.worker(stack.logs, *campaigns, name="campaigns", beat=False))
        try:
            stack.start()
            manage(stack.environment, "shell", "--no-imports", "--command", _BULKS)
            began = time.monotonic()
            time.sleep(5)  # now the campaign has taken every turn it can get
            manage(stack.environment, "shell", "--no-imports", "--command", _CODES.format(CODES + 1))
            wait_for(lambda: time.monotonic() - began > SECONDS, "the end of the time", SECONDS + 60)
            # A busy machine sends the limited bulk more slowly; the rate of the other one leaves it 300 seconds.
            wait_for(lambda: len(_submitted(_read(database), "limited")) == LIMITED, "the limited bulk's end", 180)
            yield _read(database)
        finally:
            stack.stop()


def _read(database: str) -> list[_Row]:
    # Only where PostgreSQL is: its driver is no part of what every test run installs.
    import psycopg

    kind = "CASE WHEN category = 'verification' THEN 'code' ELSE account END"
    times = ", ".join(f"EXTRACT(EPOCH FROM {name})::float" for name in ("created_at", "submitted_at"))
    with psycopg.connect(database) as connection:
        found = connection.execute(f"SELECT {kind}, status, attempts, {times} FROM django_ihuyi_message")
        return [_Row(*row) for row in found.fetchall()]


def _submitted(rows: list[_Row], *kinds: str) -> list[float]:
    return sorted(row.submitted for row in rows if row.kind in kinds and row.submitted is not None)


def test_codes__beside_a_campaign_of_twelve_processes__are_submitted_within_five_seconds(rows: list[_Row]) -> None:
    codes = sorted((row.created, row.submitted) for row in rows if row.kind == "code" and row.submitted is not None)
    # The first one waited for its process to reach the broker.
    waits = [submitted - created for created, submitted in codes[1:]]
    assert len(waits) == CODES
    assert max(waits) <= 5


def test_rate__of_codes_and_campaign_together__is_kept_and_used(rows: list[_Row]) -> None:
    times = _submitted(rows, "code", "default")
    seconds = times[-1] - times[0]
    # What is over the rate for a moment is what was reserved when a code came.
    assert 0.8 * 2 * seconds <= len(times) <= 2 * seconds + CODES


def test_bulk__whose_worker_has_a_soft_time_limit__goes_on_at_once(rows: list[_Row]) -> None:
    times = _submitted(rows, "limited")
    assert len(times) == LIMITED
    # Until another chunk gives up its process; what is left to the sweep waits for a minute at least.
    assert max(after - before for before, after in pairwise(times)) <= 45


def test_messages__of_interrupted_chunks__are_submitted_once_each(rows: list[_Row]) -> None:
    out = [row for row in rows if row.submitted is not None]
    assert {row.attempts for row in out} == {1}
    assert {row.status for row in out} <= {"submitting", "accepted", "delivered"}
