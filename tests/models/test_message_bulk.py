"""What is done to many messages in one statement: all of them, or those that are still as they were read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_ihuyi.gateway import SubmitResult
from django_ihuyi.models import Message, message_bulk
from tests.signal_recorder import SignalRecorder

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=60)
EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN", "mysql": "EXPLAIN"}
KEY = {"sqlite": "USING INTEGER PRIMARY KEY", "postgresql": "django_ihuyi_message_pkey", "mysql": "PRIMARY"}
"""What the three databases call a search by the primary key."""


def messages(count: int) -> list[Message]:
    now = timezone.now()
    return [Message.objects.create(mobile=f"1390000000{n}", content="您好", due_at=now) for n in range(count)]


def answers(claimed: list[Message]) -> list[tuple[Message, SubmitResult]]:
    return [(message, SubmitResult(2, "提交成功", f"1587024695669682{message.pk:04}")) for message in claimed]


@pytest.mark.parametrize(
    ("change", "claimed"),
    [
        ({}, 3),
        ({"status": "cancelled"}, 2),
        ({"attempts": 1}, 2),
        ({"due_at": timezone.now() + timedelta(days=1)}, 2),
        ({"expires_at": timezone.now() - timedelta(days=1)}, 2),
    ],
    ids=["as it was", "cancelled", "claimed and put back", "put off", "late"],
)
def test_only_what_is_as_it_was_read_is_claimed(change: dict[str, object], claimed: int) -> None:
    read = messages(3)
    if change:
        Message.objects.filter(pk=read[1].pk).update(**change)
    now = timezone.now()
    ours = message_bulk.claim_many(read, now=now, lease=LEASE)
    assert len(ours) == claimed
    rows = Message.objects.filter(status="submitting", claimed_until=now + LEASE, submitted_at=now)
    assert set(rows.values_list("pk", "attempts")) == {(message.pk, 1) for message in ours}
    assert {(message.status, message.attempts) for message in ours} == {("submitting", 1)}


def test_who_claims_second_gets_nothing() -> None:
    first, second = messages(3), list(Message.objects.order_by("pk"))
    now = timezone.now()
    assert len(message_bulk.claim_many(first, now=now, lease=LEASE)) == 3
    assert message_bulk.claim_many(second, now=now, lease=LEASE) == []


def test_the_answer_of_an_older_attempt_changes_nothing(heard: SignalRecorder) -> None:
    from django_ihuyi.signals import message_accepted

    heard.listen(message_accepted)
    read = messages(2)
    now = timezone.now()
    old = message_bulk.claim_many(read, now=now, lease=LEASE)
    for message in Message.objects.all():
        assert message.requeue(due_at=now, publish_at=now)
    new = message_bulk.claim_many(list(Message.objects.order_by("pk")), now=now, lease=LEASE)
    assert message_bulk.accept_many(answers(old), now=now) == []
    assert set(Message.objects.values_list("status", "smsid")) == {("submitting", None)}
    assert len(message_bulk.accept_many(answers(new), now=timezone.now())) == len(heard[message_accepted]) == 2


def test_those_with_a_receipt_that_came_first_are_left(heard: SignalRecorder) -> None:
    from django_ihuyi.signals import message_accepted

    heard.listen(message_accepted)
    read = messages(3)
    claimed = message_bulk.claim_many(read, now=timezone.now(), lease=LEASE)
    Message.objects.filter(pk=claimed[1].pk).update(receipt_came_first=True)
    settled = message_bulk.accept_many(answers(claimed), now=timezone.now())
    assert settled == [claimed[0], claimed[2]]
    assert [event["message"] for event in heard[message_accepted]] == settled
    assert list(Message.objects.order_by("pk").values_list("status", flat=True)) == [
        "accepted", "submitting", "accepted"
    ]  # fmt: skip


def test_of_two_sweeps_that_read_the_same_rows_one_publishes_each() -> None:
    now = timezone.now()
    first = messages(3)
    Message.objects.update(publish_at=now)
    first, second = list(Message.objects.order_by("pk")), list(Message.objects.order_by("pk"))
    later = now + timedelta(minutes=2)
    assert message_bulk.reserve_enqueue_many(first[:1], now=now, publish_at=later) == first[:1]
    assert message_bulk.reserve_enqueue_many(second, now=now, publish_at=later) == second[1:]
    assert message_bulk.reserve_enqueue_many(first, now=now, publish_at=later) == []
    assert set(Message.objects.values_list("publishes", "publish_at")) == {(1, later)}


def test_what_was_put_off_since_it_was_read_is_not_published() -> None:
    now = timezone.now()
    messages(2)
    Message.objects.update(publish_at=now)
    read = list(Message.objects.order_by("pk"))
    Message.objects.filter(pk=read[0].pk).update(publish_at=now + timedelta(minutes=1))
    assert message_bulk.reserve_enqueue_many(read, now=now, publish_at=now + timedelta(minutes=2)) == read[1:]


def test_rows_are_found_by_their_keys_in_a_queue_that_the_database_has_not_counted() -> None:
    now = timezone.now()
    Message.objects.bulk_create(Message(mobile=f"139{n:08}", content="您好", due_at=now) for n in range(10_000))
    read = list(Message.objects.order_by("pk")[:8])
    with CaptureQueriesContext(connection) as statements:
        claimed = message_bulk.claim_many(read, now=now, lease=LEASE)
        message_bulk.accept_many(answers(claimed), now=now)
        message_bulk.reserve_enqueue_many(list(Message.objects.order_by("-pk")[:8]), now=now, publish_at=now)
        list(message_bulk.queued([message.pk for message in read]))
    named = [statement["sql"] for statement in statements if " IN (" in statement["sql"]]
    assert len(named) == 4
    for sql in named:
        with connection.cursor() as cursor:
            cursor.execute(f"{EXPLAIN[connection.vendor]} {sql}")
            plan = str(cursor.fetchall())
        assert KEY[connection.vendor] in plan, plan
        assert "ihuyi_msg_" not in plan, plan
