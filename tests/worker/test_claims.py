"""How long a claim holds: longer than any call can take, so that no sweep ends one that is still at work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from django_ihuyi.models import Message
from django_ihuyi.tasks import submit_batch, submit_message
from tests.fakes import FakeBroker, FakeGateway
from tests.worker.helpers import bulk

pytestmark = pytest.mark.django_db(transaction=True)

LONGEST_CALL = timedelta(seconds=3 + 2 * 10)
MARGIN = timedelta(seconds=30)


@pytest.mark.parametrize(
    ("submit", "lease"),
    [
        (lambda pks: submit_message(pks[0]), LONGEST_CALL + MARGIN),
        # In a chunk, a message waits for another's call before its own begins.
        (submit_batch, 2 * LONGEST_CALL + MARGIN),
    ],
    ids=["one", "a chunk"],
)
def test_a_claim_outlives_the_longest_call(
    submit: Callable[[list[int]], None],
    lease: timedelta,
    wire: FakeGateway,
    broker: FakeBroker,
    use: Callable[..., None],
) -> None:
    use(TIMEOUT=(3, 10), CONCURRENCY=1)
    held: list[timedelta] = []

    def look(_form: dict[str, str]) -> None:
        for message in Message.objects.filter(status="submitting"):
            assert message.claimed_until is not None
            assert message.submitted_at is not None
            held.append(message.claimed_until - message.submitted_at)
        if submit is submit_batch:
            connection.close()  # a thread's own

    wire.when_taken = look
    submit(bulk(1))
    assert held == [lease]
