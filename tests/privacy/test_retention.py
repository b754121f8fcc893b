"""What was kept long enough ends, and nothing else does."""

from __future__ import annotations

import time
from contextlib import nullcontext
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.test import modify_settings
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.models import BalanceReading, Message, Receipt, Reply
from django_ihuyi.privacy import retention
from django_ihuyi.tasks import purge
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.fakes import FakeBroker
from tests.worker.helpers import as_a_worker

pytestmark = pytest.mark.django_db


def make(days: float, status: str = "delivered", **values: Any) -> Message:
    """A message that old."""
    then = timezone.now() - timedelta(days=days)
    sent = None if status in {"queued", "expired", "cancelled"} else then
    fields = {"mobile": "13800138000", "content": "您好", "created_at": then, "submitted_at": sent}
    return Message.objects.create(**{**fields, "status": status, **values})


def keep(settings: Settings, **options: Any) -> None:
    settings.IHUYI = {**settings.IHUYI, **options}


ENDED = ["delivered", "undelivered", "rejected", "expired", "cancelled", "accepted", "unknown"]


@pytest.mark.parametrize(
    ("days", "status", "gone"),
    [
        *((31, status, True) for status in ENDED),
        *((29, status, False) for status in ENDED),
        (31, "queued", False),
        (31, "submitting", False),
    ],
)
def test_messages_end_with_their_time(days: int, status: str, gone: bool, settings: Settings) -> None:
    keep(settings, RETENTION_DAYS=30)
    make(days, status)
    make(0)
    assert purge()["notification"] == int(gone)
    assert Message.objects.count() == 2 - gone


@pytest.mark.parametrize(("status", "gone"), [("delivered", True), ("accepted", False), ("unknown", False)])
def test_what_a_receipt_may_still_settle_stays(status: str, gone: bool, settings: Settings) -> None:
    keep(settings, RETENTION_DAYS=1)
    make(2, status)
    purge()
    assert Message.objects.exists() is not gone


def test_a_late_sending_is_as_old_as_its_submit(settings: Settings) -> None:
    keep(settings, RETENTION_DAYS=30)
    make(40, submitted_at=timezone.now() - timedelta(days=2))
    assert purge()["notification"] == 0


def test_each_kind_has_its_own_time(settings: Settings) -> None:
    keep(settings, RETENTION_DAYS={"verification": 7, "marketing": None, "receipts": 10})
    for category in Message.Category.values:
        make(60, category=category)
    then = timezone.now() - timedelta(days=11)
    Receipt.objects.create(mobile="13800138000", code=2, received_at=then)
    Receipt.objects.create(mobile="13800138000", code=2, received_at=then, match_at=then, report_time_text="later")
    Reply.objects.create(mobile="13800138000", content="好", received_at=then)
    assert purge() == {"verification": 1, "receipts": 1}
    assert (Message.objects.count(), Receipt.objects.count(), Reply.objects.count()) == (2, 1, 1)


@pytest.mark.parametrize("days", [30, {"balances": 30}], ids=["one-number", "their-own"])
def test_balances_end_with_their_time(days: object, settings: Settings) -> None:
    keep(settings, RETENTION_DAYS=days)
    for age, account in ((40, "second"), (31, "default"), (29, "default")):
        then = timezone.now() - timedelta(days=age)
        BalanceReading.objects.create(account=account, remaining=age, read_at=then)
    assert purge()["balances"] == 2
    assert BalanceReading.objects.get().remaining == 29


def test_a_deleted_message_leaves_its_receipt(settings: Settings) -> None:
    keep(settings, RETENTION_DAYS={"notification": 7})
    receipt = Receipt.objects.create(mobile="13800138000", code=2, message=make(8))
    purge()
    receipt.refresh_from_db()
    assert (receipt.message, receipt.match_at) == (None, None)


def test_texts_are_emptied_and_rows_stay(settings: Settings) -> None:
    keep(settings, TEXT_RETENTION_DAYS=7)
    old, new = make(8, msg="您好 含有敏感字符", receipt_msg="x", error="您好", code=407), make(6)
    receipt = Receipt.objects.create(
        mobile="1", code=0, msg="您好", report_time_text="您好", received_at=timezone.now() - timedelta(days=8)
    )
    queued = make(8, "queued")
    reply = Reply.objects.create(mobile="1", content="好", received_at=timezone.now() - timedelta(days=8))
    assert purge() == {"texts": 1, "receipt_texts": 1, "reply_texts": 1}
    assert purge() == {"texts": 0, "receipt_texts": 0, "reply_texts": 0}
    for row in (old, new, queued, reply, receipt):
        row.refresh_from_db()
    assert (old.content, old.msg, old.error, old.receipt_msg) == ("", "", "", "")
    assert (receipt.msg, receipt.report_time_text, receipt.code) == ("", "", 0)
    assert (old.code, old.mobile) == (407, "13800138000")
    assert (new.content, queued.content, reply.content) == ("您好", "您好", "")


def test_a_run_that_was_stopped_goes_on(settings: Settings, django_assert_max_num_queries: Any) -> None:
    keep(settings, RETENTION_DAYS={"notification": 7})
    for _number in range(5):
        make(8)
    (job,) = retention.jobs(timezone.now(), chunk=2)
    assert next(job.run()) == 2
    with django_assert_max_num_queries(25):
        assert retention.purge(timezone.now(), chunk=2) == {"notification": 3}


def take_a_while(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """A database to which a deletion takes its time."""
    time.sleep(0.4 if sql.startswith("DELETE") else 0)
    return execute(sql, params, many, context)


@pytest.mark.parametrize("time_limit", [None, 600.0, 2.0])
def test_purge__under_a_time_limit__stops_before_it_and_goes_on_in_another_task(
    settings: Settings, broker: FakeBroker, time_limit: float | None
) -> None:
    keep(settings, RETENTION_DAYS=7)
    then = timezone.now() - timedelta(days=8)
    for category in Message.Category.values:
        make(8, category=category)
    Receipt.objects.create(mobile="13800138000", code=2, received_at=then)
    Reply.objects.create(mobile="13800138000", content="好", received_at=then)
    BalanceReading.objects.create(account="default", remaining=1, read_at=then)
    slow = connection.execute_wrapper(take_a_while) if time_limit == 2.0 else nullcontext()
    with as_a_worker(purge, timelimit=(None, time_limit)):
        with slow:
            ended = sum(purge.run().values())
        assert (ended < 6) == (time_limit == 2.0)
        assert len(broker.take()) == (ended < 6)
        # The one that ends the last of them begins no other.
        assert sum(purge.run().values()) == 6 - ended
    assert broker.take() == []


def test_purge__under_a_time_limit__stops_amid_the_rows_of_a_kind(settings: Settings) -> None:
    keep(settings, RETENTION_DAYS={"notification": 7})
    for _number in range(10):
        make(8)
    later: list[bool] = []
    with connection.execute_wrapper(take_a_while):
        counts = retention.purge(timezone.now(), time_limit=2.0, go_on_later=lambda: later.append(True), chunk=2)
    assert 0 < counts["notification"] < 10
    assert later == [True]


def test_purge__with_all_kinds__ends_them_in_the_order_of_old(settings: Settings) -> None:
    keep(settings, RETENTION_DAYS=7, TEXT_RETENTION_DAYS=6, HASH_MOBILES_AFTER_DAYS=5)
    assert [job.name for job in retention.jobs(timezone.now())] == [
        *Message.Category.values,
        *("receipts", "replies", "balances", "webhooks"),
        *("texts", "receipt_texts", "reply_texts"),
        *("message_numbers", "receipt_numbers", "reply_numbers"),
    ]


def test_purge__without_the_app_of_webhooks__leaves_their_table_alone(settings: Settings) -> None:
    keep(settings, RETENTION_DAYS=7)
    then = timezone.now() - timedelta(days=8)
    WebhookDelivery.objects.create(
        endpoint_id=10**9, event_id="evt_1", event="ping", status="delivered", created_at=then
    )
    with modify_settings(INSTALLED_APPS={"remove": ["django_ihuyi.webhooks"]}):
        assert "webhooks" not in purge()
    assert WebhookDelivery.objects.exists()
    assert purge()["webhooks"] == 1


def test_purge__that_ends_nothing_within_its_time__waits_for_the_next_night(
    settings: Settings, broker: FakeBroker
) -> None:
    keep(settings, RETENTION_DAYS={"notification": 7})
    make(8)

    def fail_after_a_while(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("DELETE"):
            time.sleep(0.2)
            raise IntegrityError("a table of the site protects it")
        return execute(sql, params, many, context)

    away = connection.execute_wrapper(fail_after_a_while)
    with as_a_worker(purge, timelimit=(None, 0.2)), away, pytest.raises(IntegrityError):
        purge.run()
    assert broker.take() == []


def test_a_row_that_changed_meanwhile_stays(settings: Settings) -> None:
    keep(settings, RETENTION_DAYS={"notification": 7})
    message = make(8)
    (job,) = retention.jobs(timezone.now())

    def resubmit(execute: Any, sql: str, *arguments: Any) -> Any:
        result = execute(sql, *arguments)
        if "LIMIT 1000" in sql:
            Message.objects.filter(pk=message.pk).update(submitted_at=timezone.now())
        return result

    with connection.execute_wrapper(resubmit):
        assert sum(job.run()) == 0
    assert Message.objects.exists()


def test_nothing_is_asked_of_the_tables_without_the_settings(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert purge() == {}


class Terminal(StringIO):
    """Says that somebody is watching."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("dry_run", [True, False])
def test_the_command(dry_run: bool, settings: Settings) -> None:
    keep(settings, RETENTION_DAYS={"notification": 7})
    make(8)
    out, err = StringIO(), Terminal()
    call_command("ihuyi_purge", dry_run=dry_run, stdout=out, stderr=err)
    assert out.getvalue() == "notification=1\n"
    assert ("100%" in err.getvalue()) is not dry_run
    assert Message.objects.exists() is dry_run


def test_the_command_draws_nothing_for_cron(settings: Settings) -> None:
    keep(settings, RETENTION_DAYS={"notification": 7})
    make(8)
    out, err = StringIO(), StringIO()
    call_command("ihuyi_purge", stdout=out, stderr=err)
    assert (out.getvalue(), err.getvalue()) == ("notification=1\n", "")


def test_the_command_with_nothing_set() -> None:
    out = StringIO()
    call_command("ihuyi_purge", stdout=out)
    assert "RETENTION_DAYS" in out.getvalue()


def test_the_command_with_wrong_settings(settings: Settings) -> None:
    keep(settings, RETENTION_DAYS="x")
    with pytest.raises(CommandError, match="RETENTION_DAYS") as caught:
        call_command("ihuyi_purge")
    assert caught.value.returncode == 2


def test_the_command_interrupted(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> int:
        raise KeyboardInterrupt

    keep(settings, RETENTION_DAYS={"notification": 7})
    make(8)
    monkeypatch.setattr("django.db.models.query.QuerySet.delete", lambda rows: interrupt())
    with pytest.raises(CommandError, match="Start it again") as caught:
        call_command("ihuyi_purge", stderr=StringIO())
    assert caught.value.returncode == 130


@pytest.mark.parametrize(
    ("days", "status", "active", "gone"),
    [
        (31, "delivered", True, True),
        (31, "dead", True, True),
        (29, "dead", True, False),
        (31, "pending", True, False),
        (31, "sending", False, False),
        (31, "pending", False, True),
        (31, "pending", None, True),
    ],
    ids=["delivered", "dead", "young", "tried still", "in hand", "endpoint off", "endpoint deleted"],
)
def test_webhook_deliveries_end_with_their_time(
    days: int, status: str, active: bool | None, gone: bool, settings: Settings
) -> None:
    keep(settings, WEBHOOKS={"RETENTION_DAYS": 30})
    pk = (
        10**9
        if active is None
        else WebhookEndpoint.objects.create(name="shop", url="https://a.example", active=active).pk
    )
    then = timezone.now() - timedelta(days=days)
    WebhookDelivery.objects.create(endpoint_id=pk, event_id="evt_1", event="ping", status=status, created_at=then)
    assert purge() == {"webhooks": int(gone)}
    assert WebhookDelivery.objects.exists() is not gone
