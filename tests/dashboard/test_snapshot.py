"""What stands now: queue, unknown, missing receipts, last pushes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from django_ihuyi.dashboard import snapshot
from django_ihuyi.models import Receipt, Reply

from .conftest import NOW, make_message

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def test_the_queue_and_who_waits_longest(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for minutes in (3, 17, -5):
        make_message(due_at=NOW - minutes * MINUTE)
    make_message(status="unknown")
    make_message(status="unknown", given_up_at=NOW)
    make_message(status="accepted", accepted_at=NOW - 2 * DAY)
    make_message(status="accepted", accepted_at=NOW - MINUTE)
    with django_assert_num_queries(6):
        found = snapshot.take_snapshot(NOW)
    assert (found.waiting, found.later, found.oldest) == (2, 1, NOW - 17 * MINUTE)
    assert (found.unknown, found.no_receipt) == (1, 1)
    assert (found.last_receipt, found.last_reply) == (None, None)


def test_counting_ends_at_a_cap() -> None:
    for status in ("queued", "unknown", "accepted"):
        for _ in range(5):
            make_message(status=status, due_at=NOW, accepted_at=NOW - 2 * DAY)
    found = snapshot.take_snapshot(NOW, most=2)
    assert (found.waiting, found.unknown, found.no_receipt) == (3, 3, 3)


@pytest.mark.parametrize(
    ("accepted_at", "received_at", "missing"),
    [
        (NOW - 2 * DAY, None, True),
        (NOW - 2 * DAY, NOW - 2 * DAY, True),
        (NOW - 2 * DAY, NOW - MINUTE, False),
        (NOW - MINUTE, None, False),
    ],
    ids=["never any", "none for long", "others come", "too early to say"],
)
def test_whether_receipts_arrive(accepted_at: datetime, received_at: datetime | None, *, missing: bool) -> None:
    make_message(status="accepted", accepted_at=accepted_at)
    if received_at:
        Receipt.objects.create(code=2, mobile="13900139000", received_at=received_at)
        Reply.objects.create(mobile="13900139000", content="好", received_at=received_at)
    found = snapshot.take_snapshot(NOW)
    assert found.receipts_missing(NOW) is missing
    assert found.last_receipt == found.last_reply == received_at
    assert found.unread == bool(received_at)
