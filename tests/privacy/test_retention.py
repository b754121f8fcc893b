"""What was kept long enough ends, and nothing else does."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.models import BalanceReading, Message, Receipt, Reply, WebhookDelivery, WebhookEndpoint
from django_ihuyi.privacy import retention
from django_ihuyi.tasks import purge

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
    old, new = make(8, msg="您好 含有敏感字符", receipt_msg="x", code=407), make(6)
    queued = make(8, "queued")
    reply = Reply.objects.create(mobile="1", content="好", received_at=timezone.now() - timedelta(days=8))
    assert purge() == {"texts": 1, "reply_texts": 1}
    assert purge() == {"texts": 0, "reply_texts": 0}
    for row in (old, new, queued, reply):
        row.refresh_from_db()
    assert (old.content, old.msg, old.receipt_msg, old.code, old.mobile) == ("", "", "", 407, "13800138000")
    assert (new.content, queued.content, reply.content) == ("您好", "您好", "")


def test_a_run_that_was_stopped_goes_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    keep(settings, RETENTION_DAYS={"notification": 7})
    monkeypatch.setattr(retention, "CHUNK", 2)
    for _number in range(5):
        make(8)
    (job,) = retention.jobs(timezone.now())
    assert next(job.run()) == 2
    with django_assert_max_num_queries(25):
        assert purge() == {"notification": 3}


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
    keep(settings, RETENTION_DAYS={"webhooks": 30})
    pk = (
        10**9
        if active is None
        else WebhookEndpoint.objects.create(name="shop", url="https://a.example", active=active).pk
    )
    then = timezone.now() - timedelta(days=days)
    WebhookDelivery.objects.create(endpoint_id=pk, event_id="evt_1", event="ping", status=status, created_at=then)
    assert purge() == {"webhooks": int(gone)}
    assert WebhookDelivery.objects.exists() is not gone
