"""The sweep among many rows: the urgent ones first, a share of the time for each step, no bad row that stops others."""

from __future__ import annotations

import itertools
import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import DataError, OperationalError, connection
from django.test import modify_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from time_machine import travel

from django_ihuyi import maintenance
from django_ihuyi.api.models import ApiCall
from django_ihuyi.hooks import MaintenanceStep
from django_ihuyi.models import AccountState, Message, Receipt
from django_ihuyi.verification.models import CodeQuota
from django_ihuyi.worker import account_pause, backlog
from tests.broken_tables import unreadable
from tests.fakes import FakeBroker, FakeGateway
from tests.log_records import events

pytestmark = pytest.mark.django_db(transaction=True)

CATEGORIES = ["marketing", "notification", "verification"]


_numbers = itertools.count(13900000000)


def make(count: int, *, waited: float = 0, **fields: Any) -> list[int]:
    publish_at = timezone.now() - timedelta(seconds=waited)
    common = {"content": "您好", "due_at": publish_at, "publish_at": publish_at, **fields}
    rows = [Message(**{"mobile": str(next(_numbers)), **common}) for _ in range(count)]
    return [message.pk for message in Message.objects.bulk_create(rows)]


# Order.


def test_due_messages__of_every_category__go_to_the_gateway_codes_first(wire: FakeGateway, broker: FakeBroker) -> None:
    wanted: list[str] = []
    # What waited longest is the least urgent.
    for waited, category in enumerate(CATEGORIES):
        make(40, waited=300 - 60 * waited, category=category, content=category)
        wanted = [category] * 40 + wanted
    maintenance.sweep()
    for task in broker.take():
        task.run()
    assert [form["content"] for form in wire.forms] == wanted


@pytest.mark.parametrize("most", [1, 7, 45, 500])
def test_batch__of_due_messages__is_filled_in_the_order_of_work(broker: FakeBroker, most: int) -> None:
    rows = [make(20, waited=100 - number, category=category) for number, category in enumerate(CATEGORIES)]
    order = [pk for pks in reversed(rows) for pk in pks]
    assert backlog.enqueue_due(timezone.now(), most=most) == (min(most, 60), most <= 60)
    assert broker.take_pks() == order[:most]


def test_code__behind_a_campaign_that_is_due__is_published_by_the_next_sweep(broker: FakeBroker) -> None:
    make(500, waited=3600, category="marketing")
    (code,) = make(1, category="verification")
    maintenance.sweep(batch=10, budget=0.0)
    assert broker.take_pks()[0] == code


def test_codes__of_the_backlog__are_found_by_index_whatever_waits_beside_them(broker: FakeBroker) -> None:
    with CaptureQueriesContext(connection) as queries:
        backlog.enqueue_due(timezone.now())
    read = [query["sql"] for query in queries.captured_queries if query["sql"].startswith("SELECT")]
    assert len(read) == len(CATEGORIES)
    assert not any("content" in sql or "metadata" in sql for sql in read)


# Time.


def steps_of(run: Callable[[str], tuple[int, bool]], *names: str) -> list[MaintenanceStep]:
    """Steps of which each runs the function with its name."""
    return [MaintenanceStep(name, 0, lambda _now, _most, name=name: run(name)) for name in names]  # type: ignore[misc]  # bound now


def test_steps__with_a_mountain_of_work__each_get_a_share_of_the_time() -> None:
    calls: Counter[str] = Counter()

    def endless(name: str) -> tuple[int, bool]:
        time.sleep(0.01)
        calls[name] += 1
        return 1, True

    began = time.monotonic()
    counts = maintenance.sweep(budget=1.0, steps=steps_of(endless, *"abcdefghi"))
    assert time.monotonic() - began < 2
    assert counts == calls
    assert len(calls) == 9
    assert min(calls.values()) * 3 >= max(calls.values())


@pytest.mark.parametrize(
    ("time_limit", "budget", "seconds"), [(None, 0.4, 0.4), (60.0, 0.4, 0.4), (0.8, 8.0, 0.4), (0.4, 0.4, 0.2)]
)
def test_sweep__under_a_time_limit__ends_before_it(time_limit: float | None, budget: float, seconds: float) -> None:
    def endless(_name: str) -> tuple[int, bool]:
        time.sleep(0.01)
        return 1, True

    began = time.monotonic()
    maintenance.sweep(time_limit=time_limit, budget=budget, steps=steps_of(endless, "a", "b"))
    assert time.monotonic() - began == pytest.approx(seconds, abs=0.15)


# Steps of features.

CORE_STEPS = ["expired", "unknown", "published", "probed", "matched"]
FEATURE_STEPS = {
    "django_ihuyi.verification": ["suspected", "forgotten"],
    "django_ihuyi.api": ["forgotten"],
    "django_ihuyi.webhooks": ["webhooks"],
    "django_ihuyi.dashboard": ["counted"],
}


@pytest.mark.parametrize("left_out", [[], *([name] for name in FEATURE_STEPS), list(FEATURE_STEPS)], ids=str)
def test_sweep__with_features_left_out__reports_the_steps_of_the_others_in_order(
    broker: FakeBroker, left_out: list[str]
) -> None:
    expected = {name for app, names in FEATURE_STEPS.items() if app not in left_out for name in names}
    order = [*CORE_STEPS, "suspected", "forgotten", "webhooks", "counted"]
    with modify_settings(INSTALLED_APPS={"remove": left_out}):
        assert list(maintenance.sweep()) == [name for name in order if name in CORE_STEPS or name in expected]


@pytest.mark.parametrize(
    ("left_out", "keys", "codes", "forgotten"),
    [([], 0, 0, 5), (["django_ihuyi.api"], 2, 0, 3), (["django_ihuyi.verification"], 0, 3, 2)],
    ids=["both", "verification", "api"],
)
def test_forgotten__by_two_features__is_the_sum_of_both(
    broker: FakeBroker, left_out: list[str], keys: int, codes: int, forgotten: int
) -> None:
    make_forgettable()
    with modify_settings(INSTALLED_APPS={"remove": left_out}):
        assert maintenance.sweep()["forgotten"] == forgotten
    assert (ApiCall.objects.count(), CodeQuota.objects.count()) == (keys, codes)


@pytest.mark.parametrize("table", ["ihuyi_verification_codequota", "ihuyi_api_apicall"])
def test_forgotten__where_one_feature_fails__is_done_by_the_other(
    broker: FakeBroker, caplog: pytest.LogCaptureFixture, table: str
) -> None:
    make_forgettable()
    with unreadable(table), pytest.raises(OperationalError):
        maintenance.sweep()
    assert events(caplog, logging.ERROR) == ["sweep.failed"]
    is_code_table = table.endswith("quota")
    assert (ApiCall.objects.exists(), CodeQuota.objects.exists()) == (not is_code_table, is_code_table)


def make_forgettable() -> None:
    """Two old keys of the API's callers, and three old quotas of codes."""
    old = timezone.now() - timedelta(days=99)
    ApiCall.objects.bulk_create(ApiCall(key=str(number), fingerprint="x", created_at=old) for number in range(2))
    CodeQuota.objects.bulk_create(CodeQuota(subject=f"number:{number}", used_at=old) for number in range(3))


# Expired messages.


@pytest.mark.parametrize("category", CATEGORIES)
def test_expired_messages__of_one_batch__cost_statements_that_do_not_grow(broker: FakeBroker, category: str) -> None:
    numbers = []
    for count in (5, 50):
        make(count, category=category, content="验证码 123456", expires_at=timezone.now() - timedelta(seconds=1))
        with CaptureQueriesContext(connection) as queries:
            assert maintenance.expire(timezone.now()) == (count, False)
        numbers.append(len(queries))
    assert numbers[0] == numbers[1] <= 8
    texts = set(Message.objects.values_list("status", "content"))
    assert texts == {("expired", "验证码 •••••" if category == "verification" else "验证码 123456")}


def test_expired_messages__that_a_worker_has_claimed_meanwhile__are_left_to_it(broker: FakeBroker) -> None:
    pks = make(10, expires_at=timezone.now() - timedelta(seconds=1))
    met: list[str] = []

    def claim_some(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if sql.startswith("SELECT") and not met:
            met.append(sql)
            Message.objects.filter(pk__in=pks[:4]).update(status="submitting")
        return result

    with connection.execute_wrapper(claim_some):
        assert maintenance.expire(timezone.now()) == (6, False)
    assert Message.objects.filter(status="submitting").count() == 4


# Rows that cannot be handled.


def failing_for(pk: int, error: Exception) -> Any:
    """Within: the database refuses to change one row."""

    def execute_or_fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and "status" in sql.partition("WHERE")[0] and pk in (params or ()):
            raise error
        return execute(sql, params, many, context)

    return connection.execute_wrapper(execute_or_fail)


def late_messages() -> list[int]:
    return make(3, expires_at=timezone.now() - timedelta(seconds=1))


def abandoned_claims() -> list[int]:
    return make(3, status="submitting", claimed_until=timezone.now() - timedelta(seconds=1))


def test_expire__with_a_row_that_raises__expires_the_others(
    broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    pks = late_messages()
    with failing_for(pks[0], OverflowError("date value out of range")), pytest.raises(OverflowError):
        maintenance.sweep()
    assert list(Message.objects.order_by("pk").values_list("status", flat=True)) == ["queued", "expired", "expired"]
    assert events(caplog, logging.ERROR) == ["row.failed"]


def test_end_claims__with_a_row_that_raises__ends_the_others_and_puts_it_off(
    broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    pks = abandoned_claims()
    with failing_for(pks[0], DataError("13900000000 does not fit")), pytest.raises(DataError):
        maintenance.sweep()
    assert list(Message.objects.order_by("pk").values_list("status", flat=True)) == ["submitting", "unknown", "unknown"]
    assert events(caplog, logging.ERROR) == ["row.failed"]
    assert "13900000000" not in caplog.text
    # It is not looked at again for an hour; then it is.
    assert maintenance.sweep()["unknown"] == 0
    with travel(timezone.now() + timedelta(hours=1, seconds=1), tick=False):
        assert maintenance.sweep()["unknown"] == 1


def test_match_receipts__with_a_row_that_raises__matches_the_others_and_puts_it_off(
    broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    now = timezone.now()
    smsids = []
    for number in range(3):
        smsid = f"1587024695669682053{number}"
        Message.objects.create(
            mobile="13800138000", content="您好", status="accepted", smsid=smsid, submitted_at=now, publish_at=now
        )
        receipt = Receipt(
            mobile="13800138000", smsid=smsid, code=2, report_time_text=str(number), received_at=now, match_at=now
        )
        receipt.save()
        smsids.append(smsid)

    def fail_for_one(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and smsids[0] in (params or ()):
            raise OverflowError("date value out of range")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail_for_one), pytest.raises(OverflowError):
        maintenance.sweep()
    assert Message.objects.filter(status="delivered").count() == 2
    assert events(caplog, logging.ERROR) == ["row.failed"]
    assert maintenance.sweep()["matched"] == 0


def test_probes__with_an_account_that_raises__reach_the_others(
    broker: FakeBroker, wire: FakeGateway, caplog: pytest.LogCaptureFixture
) -> None:
    now = timezone.now()
    bad = AccountState.objects.create(account="bad", paused_since=now, code=4052, probe_at=now)
    AccountState.objects.create(account="good", paused_since=now, code=4052, probe_at=now)
    make(1, account="bad", category="nonsense")
    make(1, account="good")

    def fail_for_bad(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and params and "bad" in map(str, params) and "due_at" in sql:
            raise DataError("what is stored cannot be read")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail_for_bad), pytest.raises(DataError):
        maintenance.sweep()
    assert len(broker.take_pks()) >= 1
    bad.refresh_from_db()
    assert bad.probe_at is not None
    assert bad.probe_at > timezone.now() + timedelta(minutes=9)


@pytest.mark.parametrize("error", [OperationalError("gone"), SoftTimeLimitExceeded()], ids=["database", "time limit"])
def test_step__whose_row_meets_what_the_next_one_would_meet_too__ends_at_once(
    broker: FakeBroker, error: Exception
) -> None:
    pks = abandoned_claims()
    with failing_for(pks[0], error), pytest.raises(type(error)):
        maintenance.sweep()
    assert Message.objects.filter(status="unknown").count() == 0
    assert not Message.objects.filter(claimed_until__gt=timezone.now()).exists()


# Probes.


def pause(code: int) -> AccountState:
    now = timezone.now() - timedelta(minutes=1)
    AccountState.objects.pause("default", code=code, msg="", clock_offset=None, now=now)
    return AccountState.objects.get()


def test_probe__of_an_account_with_messages_of_each_category__is_one_of_each_codes_first(broker: FakeBroker) -> None:
    rows = {category: make(3, waited=100 + number, category=category) for number, category in enumerate(CATEGORIES)}
    pause(4052)
    assert maintenance.sweep()["probed"] == 1
    assert broker.take_pks() == [rows["verification"][0], rows["notification"][0], rows["marketing"][0]]


@pytest.mark.parametrize("served", CATEGORIES)
def test_account__that_is_well__resumes_though_only_one_queue_has_a_worker(
    wire: FakeGateway, broker: FakeBroker, served: str
) -> None:
    for number, category in enumerate(CATEGORIES):
        make(3, waited=100 - number if category == served else 1000, category=category)
    pause(4052)
    maintenance.sweep()
    for task in broker.take():
        if Message.objects.get(pk=task.pks[0]).category == served:
            task.run()
    assert not AccountState.objects.is_paused("default")


@pytest.mark.parametrize(("code", "asked"), [(4051, 1), (None, 1), (4052, 0)], ids=["credit", "silent", "address"])
def test_account__whose_probes_do_not_move__is_asked_for_its_balance(
    wire: FakeGateway, broker: FakeBroker, code: int | None, asked: int
) -> None:
    make(1, waited=100)
    AccountState.objects.pause(
        "default", code=code, msg="", clock_offset=None, now=timezone.now() - timedelta(minutes=1)
    )
    assert maintenance.sweep()["probed"] == 1
    assert wire.forms == []  # the message may tell
    broker.take()
    with travel(timezone.now() + timedelta(minutes=10), tick=False):
        maintenance.sweep()
    assert len(wire.forms) == asked
    assert AccountState.objects.is_paused("default") == (not asked)
    # What was given to the workers in vain goes with the resume.
    assert len(broker.take_pks()) >= 1


def test_probe__whose_message_is_too_late__is_another_one(broker: FakeBroker) -> None:
    make(1, waited=100, expires_at=timezone.now() + timedelta(seconds=1))
    (fresh,) = make(1, waited=50)
    state = pause(4052)
    with travel(timezone.now() + timedelta(seconds=2), tick=False):
        account_pause.probe(state, now=timezone.now())
    assert broker.take_pks() == [fresh]
