"""Half-hours are counted by the sweep, again and again, so that late changes are found whoever made them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import modify_settings
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from django_ihuyi.dashboard import counters
from django_ihuyi.dashboard.latency_buckets import bucket_of
from django_ihuyi.dashboard.models import CodeTally, MessageTally, TallySlot, WaitTally
from django_ihuyi.dashboard.time_slots import OFTEN, SETTLED, begin_of, due_again, slot_of
from django_ihuyi.models import Message, Receipt

from .conftest import NOW, count, count_one, make_code, make_delivered, make_message, slot_numbers, statuses, truth

pytestmark = [pytest.mark.django_db, pytest.mark.by_database]

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HERE = slot_of(NOW)


def test_messages_are_counted_by_account_category_status_and_code() -> None:
    make_delivered(segments=3)
    make_delivered()
    make_message(status="rejected", code=4030, account="second", category="marketing")
    make_message(status="rejected", code=None, account="second", category="marketing")
    assert count() == 1
    found = {
        (row.slot, row.account, row.category, row.status, row.code): (row.messages, row.segments)
        for row in MessageTally.objects.all()
    }
    assert found == {
        (HERE, "default", "notification", "delivered", 2): (2, 4),
        (HERE, "second", "marketing", "rejected", 4030): (1, 1),
        (HERE, "second", "marketing", "rejected", None): (1, 1),
    }


WAITS: dict[str, tuple[dict[str, Any], dict[str, float]]] = {
    "from the call on": ({}, {"accepted": 0.5, "delivered": 8}),
    "from the time it was to go out": ({"send_at": NOW + timedelta(seconds=0.3)}, {"accepted": 0.2, "delivered": 7.7}),
    "a time to go out that was over": ({"send_at": NOW - HOUR}, {"accepted": 0.5, "delivered": 8}),
    "not delivered": ({"status": "undelivered"}, {"accepted": 0.5}),
    "delivered, acceptance unknown": ({"accepted_at": None}, {"delivered": 8}),
    "the carrier's clock is behind": ({"reported_at": NOW - HOUR}, {"accepted": 0.5, "delivered": -1}),
    "after weeks": ({"reported_at": NOW + 30 * DAY}, {"accepted": 0.5, "delivered": 30 * 86400}),
}


@pytest.mark.parametrize(("values", "seconds"), WAITS.values(), ids=WAITS)
def test_waiting_times_are_counted_in_buckets(values: dict[str, Any], seconds: dict[str, float]) -> None:
    make_delivered(**values)
    count()
    found = {row.kind: (row.category, row.bucket, row.messages) for row in WaitTally.objects.all()}
    assert found == {kind: ("notification", bucket_of(wait), 1) for kind, wait in seconds.items()}


def test_codes_are_counted_without_decoys() -> None:
    make_code(entered_at=NOW)
    make_code()
    make_code(purpose="log-in")
    make_code(decoy=True)
    count()
    found = {(row.slot, row.purpose): (row.sent, row.entered) for row in CodeTally.objects.all()}
    assert found == {(HERE, "sign-up"): (2, 1), (HERE, "log-in"): (1, 0)}


def test_codes__verification_left_out__are_not_counted_and_their_figures_stay() -> None:
    make_code(entered_at=NOW)
    count()
    make_code()
    make_message()
    with modify_settings(INSTALLED_APPS={"remove": ["django_ihuyi.verification"]}):
        counters.recount(NOW, now=NOW)
        with CaptureQueriesContext(connection) as queries:
            count()
    assert [one["sql"] for one in queries if "verificationcode" in one["sql"]] == []
    assert statuses() == {"queued": 1}
    assert CodeTally.objects.get().sent == 1
    counters.recount(NOW, now=NOW)
    count()
    assert CodeTally.objects.get().sent == 2


def test_half_hours_are_opened_from_the_oldest_message_on() -> None:
    make_delivered(NOW - 3 * HOUR)
    make_delivered(NOW)
    count()
    assert slot_numbers() == list(range(HERE - 6, HERE + 1))
    assert statuses() == {"delivered": 2}
    make_delivered(NOW + HOUR)
    count(NOW + HOUR)
    assert slot_numbers() == list(range(HERE - 6, HERE + 3))
    assert statuses() == {"delivered": 3}


def test_the_newest_half_hour_comes_first_and_a_step_is_bounded() -> None:
    made = counters.CHUNK + 5
    for number in range(made):
        make_message(NOW - number * timedelta(minutes=30))
    changed, more = counters.count_due(NOW, budget=600)
    assert (changed, more) == (counters.CHUNK, True)
    assert sorted(MessageTally.objects.values_list("slot", flat=True)) == list(
        range(HERE - counters.CHUNK + 1, HERE + 1)
    )
    assert counters.count_due(NOW, budget=600) == (5, False)
    assert counters.count_due(NOW, budget=600) == (0, False)


def test_a_step_ends_when_its_time_is_over() -> None:
    for number in range(3):
        make_message(NOW - number * timedelta(minutes=30))
    assert [counters.count_due(NOW, budget=0) for _ in range(3)] == [(1, True), (1, True), (1, False)]


def test_many_half_hours_are_opened_in_several_steps() -> None:
    make_message(NOW - (counters.OPENED + 10) * timedelta(minutes=30))
    assert counters.open_slots(NOW) is False
    assert TallySlot.objects.count() == counters.OPENED
    assert counters.open_slots(NOW) is True
    assert TallySlot.objects.count() == counters.OPENED + 11
    assert counters.open_slots(NOW) is True


def test_without_messages_the_present_is_opened() -> None:
    assert count() == 0
    assert slot_numbers() == [HERE]


def test_a_message_of_the_future_does_not_stop_the_counting() -> None:
    make_message(NOW + HOUR)
    count()
    assert slot_numbers() == [HERE]
    count(NOW + HOUR)
    assert statuses() == {"queued": 1}


def test_counting_twice_changes_nothing() -> None:
    make_delivered()
    make_code()
    assert count() == 1
    rows = [list(model.objects.values()) for model in (MessageTally, WaitTally, CodeTally)]
    TallySlot.objects.update(due_at=NOW)
    assert count() == 0
    assert [list(model.objects.values()) for model in (MessageTally, WaitTally, CodeTally)] == rows


AGES = {
    "at once": (timedelta(0), OFTEN),
    "an hour ago": (HOUR, timedelta(seconds=75)),
    "a day ago": (DAY, timedelta(minutes=30)),
    "a week ago": (7 * DAY, timedelta(hours=3.5)),
}


@pytest.mark.parametrize(("age", "late"), AGES.values(), ids=AGES)
def test_a_late_receipt_is_counted_after_a_48th_of_the_age(age: timedelta, late: timedelta) -> None:
    created_at = begin_of(HERE)
    now = created_at + timedelta(minutes=30) + age
    message = make_message(created_at, status="accepted", code=2, smsid="15870246956696820530", accepted_at=created_at)
    count_one(HERE, now)
    assert statuses() == {"accepted": 1}
    receipt = Receipt(code=2, msg="DELIVRD", mobile=message.mobile, smsid=message.smsid or "", received_at=now)
    Receipt.objects.receive(receipt, window=3 * DAY)
    count_one(HERE, now + late - timedelta(seconds=1))
    assert statuses() == {"accepted": 1}
    count_one(HERE, now + late)
    assert statuses() == {"delivered": 1} == truth()


@pytest.mark.parametrize(
    ("values", "again"),
    [
        ({"status": "delivered", "accepted_at": NOW}, False),
        ({"status": "queued"}, True),
        ({"status": "submitting"}, True),
        ({"status": "accepted", "accepted_at": NOW + SETTLED}, True),
    ],
    ids=["settled", "waits for its time", "on the wire", "accepted lately"],
)
def test_a_half_hour_is_left_alone_when_nothing_can_change_there(values: dict[str, Any], *, again: bool) -> None:
    make_message(NOW, **values)
    count_one(HERE, NOW)
    count_one(HERE, NOW + SETTLED + HOUR)
    assert (TallySlot.objects.get(number=HERE).due_at is not None) == again


def test_a_large_half_hour_is_counted_more_rarely() -> None:
    assert due_again(HERE, now=NOW, took=0.1, changing=True) == NOW + OFTEN
    assert due_again(HERE, now=NOW, took=30, changing=True) == NOW + timedelta(minutes=10)


def test_a_resend_is_a_message_of_its_own_half_hour() -> None:
    make_message(status="unknown")
    count()
    make_delivered(NOW + HOUR)
    count(NOW + HOUR)
    assert {(row.slot, row.status) for row in MessageTally.objects.all()} == {
        (HERE, "unknown"),
        (HERE + 2, "delivered"),
    }


def test_what_is_deleted_on_its_first_day_is_counted_no_more() -> None:
    make_delivered()
    make_message()
    count()
    Message.objects.filter(status="queued").delete()
    count(NOW + HOUR)
    assert statuses() == {"delivered": 1}


def test_figures_outlive_a_clean_up() -> None:
    doomed = [make_delivered(category="marketing") for _ in range(3)]
    make_delivered()
    waiting = make_message(status="accepted", code=2, accepted_at=NOW)
    code = make_code(entered_at=NOW)
    count_one(HERE, NOW)
    doomed[0].delete()
    code.delete()
    assert waiting.apply_receipt(delivered=False, code=1, msg="UNDELIV", reported_at=NOW)
    count_one(HERE, NOW + 2 * DAY)
    found = {(row.category, row.status): row.messages for row in MessageTally.objects.all()}
    assert found == {
        ("marketing", "delivered"): 3,
        ("notification", "delivered"): 1,
        ("notification", "undelivered"): 1,
    }
    assert WaitTally.objects.get(category="marketing", kind="delivered").messages == 3
    assert CodeTally.objects.get().entered == 1


def test_everything_can_be_counted_anew() -> None:
    make_delivered(NOW - 6 * HOUR)
    make_delivered()
    count()
    MessageTally.objects.update(messages=7)
    TallySlot.objects.filter(number__lt=HERE).delete()
    assert counters.recount(NOW - 6 * HOUR, now=NOW) == 13
    assert MessageTally.objects.count() == 0
    count()
    assert statuses() == truth()


def test_what_is_older_than_asked_for_is_not_counted_anew() -> None:
    make_delivered(NOW - 3 * HOUR)
    make_delivered()
    count()
    MessageTally.objects.update(messages=7)
    counters.recount(NOW - HOUR, now=NOW)
    count()
    assert {row.slot: row.messages for row in MessageTally.objects.all()} == {HERE - 6: 7, HERE: 1}


def test_a_half_hour_that_another_sweep_has_is_left_to_it() -> None:
    make_delivered()
    counters.open_slots(NOW)
    slot, same = TallySlot.objects.get(), TallySlot.objects.get()
    assert counters.count(slot, now=NOW)
    TallySlot.objects.update(due_at=NOW + HOUR)
    MessageTally.objects.all().delete()
    assert not counters.count(same, now=NOW)
    assert MessageTally.objects.count() == 0


def test_a_sweep_that_died_leaves_the_half_hour_to_the_next() -> None:
    make_delivered()
    counters.open_slots(NOW)

    def die(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        # When the half-hour is claimed, and its messages are counted.
        if sql.startswith("SELECT") and "verificationcode" in sql:
            raise KeyboardInterrupt
        return execute(sql, params, many, context)

    with connection.execute_wrapper(die), pytest.raises(KeyboardInterrupt):
        counters.count_due(NOW)
    assert counters.count_due(NOW + timedelta(minutes=1)) == (0, False)
    assert statuses() == {}
    assert counters.count_due(NOW + counters.LEASE) == (1, False)
    assert statuses() == {"delivered": 1}


def test_a_sweep_that_outlived_its_lease_writes_nothing() -> None:
    make_delivered()
    counters.open_slots(NOW)
    slot = TallySlot.objects.get()

    def take_over(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        # Both counts are read; what comes next ends the claim.
        if sql.startswith("SELECT") and "verificationcode" in sql:
            TallySlot.objects.update(due_at=NOW + HOUR)
        return result

    with connection.execute_wrapper(take_over):
        assert not counters.count(slot, now=NOW)
    assert MessageTally.objects.count() == 0
    assert TallySlot.objects.get().due_at == NOW + HOUR


def test_a_half_hour_costs_as_many_queries_however_many_messages_it_has(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    counters.open_slots(NOW)
    make_delivered()
    make_code()
    count()
    for _ in range(3):
        make_delivered(accepted=3, delivered=70)
        make_message(status="rejected", code=4030)
        make_code()
    TallySlot.objects.update(due_at=NOW)
    # The newest, what is due, the claim, both counts, the end of the claim, and read, delete, insert of three tables.
    with CaptureQueriesContext(connection) as queries:
        assert counters.count_due(NOW) == (1, False)
    assert sum("SAVEPOINT" not in query["sql"] for query in queries) == 2 + 1 + 2 + 1 + 3 * 3
    TallySlot.objects.update(due_at=NOW)
    with CaptureQueriesContext(connection) as queries:
        assert counters.count_due(NOW) == (0, False)
    assert sum("SAVEPOINT" not in query["sql"] for query in queries) == 2 + 1 + 2 + 1 + 3
