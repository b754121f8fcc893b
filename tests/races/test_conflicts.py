"""Work that meets a conflict is done once more, and done once; rows are locked in one order, so that few meet any."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi import BulkResult, balance, maintenance, offer_code, send_bulk, send_code, send_sms, verify_code
from django_ihuyi.dashboard import counters
from django_ihuyi.dashboard.models import TallySlot
from django_ihuyi.models import AccountState, BalanceReading, Message, OptOut, Receipt, Reply, Template, TemplateReview
from django_ihuyi.sending.resend import resend
from django_ihuyi.tasks import submit_batch, submit_message
from django_ihuyi.testing import latest_code, use_outbox
from django_ihuyi.transactions import RETRIES
from django_ihuyi.verification.models import VerificationCode
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint
from django_ihuyi.webhooks.models.endpoint import WebhookEvent
from tests.api.conftest import Caller, open_api
from tests.concurrency import run_concurrently
from tests.conflicts import Conflicts
from tests.fakes import FakeBroker, FakeGateway
from tests.pushes.push_client import RECEIPT, REPLY, REVIEW, SMSID, push
from tests.worker.helpers import bulk

pytestmark = pytest.mark.django_db(transaction=True)

MOBILE = "13800138000"


def message(**values: Any) -> Message:
    return Message.objects.create(**{"mobile": MOBILE, "content": "您好", **values})


def pushed(kind: str, fields: dict[str, str]) -> None:
    assert push(Client(), kind, fields).content == b"success"


Work = tuple[Callable[[], object], Callable[[], bool]]
"""What to do, and whether it is done, and once."""


def _receipt() -> Work:
    row = message(status="accepted", smsid=SMSID)
    return lambda: pushed(
        "receipt", RECEIPT
    ), lambda: row.receipts.count() == 1 and Message.objects.get().status == "delivered"


def _receipt_that_came_first() -> Work:
    message(status="submitting")
    return lambda: pushed(
        "receipt", RECEIPT
    ), lambda: Receipt.objects.count() == 1 and Message.objects.get().receipt_came_first


def _receipt_that_is_matched_by_number() -> Work:
    row = message(status="unknown", submitted_at=timezone.now())
    fields = {**RECEIPT, "report_time": ""}
    return lambda: pushed(
        "receipt", {**fields, "report_time": "?"}
    ), lambda: row.receipts.count() == 1 and Message.objects.get().smsid == SMSID


def _reply() -> Work:
    for number in range(3):
        message(category="marketing", content=str(number))
    return (
        lambda: pushed("reply", REPLY),
        lambda: (
            Reply.objects.count() == OptOut.objects.count() == 1
            and set(Message.objects.values_list("status", flat=True)) == {"cancelled"}
        ),
    )


def _review() -> Work:
    Template.objects.create(name="order", text="您的订单【变量】已发货。", template_id="1001", state="in_review")
    return lambda: pushed(
        "template", REVIEW
    ), lambda: TemplateReview.objects.count() == 1 and Template.objects.get().state == "passed"


def _sms() -> Work:
    return lambda: send_sms(MOBILE, "您好"), lambda: Message.objects.count() == 1


def _sms_with_a_key() -> Work:
    return lambda: send_sms(MOBILE, "您好", idempotency_key="order-7"), lambda: Message.objects.count() == 1


def _bulk() -> Work:
    results: list[BulkResult] = []

    def send() -> None:
        results.append(send_bulk([(MOBILE, "您好"), ("13900139000", "您好"), ("no number", "您好")]))

    return (
        send,
        lambda: (
            (results[0].recorded, results[0].refused_count, Message.objects.count()) == (2, 1, 2)
            and (results[0].batch.recorded, results[0].batch.refused) == (2, 1)
        ),
    )


def _sent_again() -> Work:
    row = message(status="rejected")
    return lambda: resend(row), lambda: row.resends.count() == 1


def _code() -> Work:
    return lambda: send_code(MOBILE, "sign-up"), lambda: VerificationCode.objects.get().message == Message.objects.get()


def _decoy() -> Work:
    return lambda: offer_code(
        MOBILE, "log-in", known=False
    ), lambda: VerificationCode.objects.get().decoy and Message.objects.get().status == "cancelled"


def _typed_code() -> Work:
    with use_outbox():
        send_code(MOBILE, "sign-up")
        typed = latest_code(MOBILE)
    return lambda: verify_code(
        MOBILE, "sign-up", typed
    ), lambda: VerificationCode.objects.get().tries == 1 and VerificationCode.objects.get().entered_at is not None


def _submit() -> Work:
    row = message()
    return lambda: submit_message(row.pk), lambda: _statuses() == [("accepted", 1)]


def _submit_chunk() -> Work:
    pks = bulk(3)
    return lambda: submit_batch(pks), lambda: _statuses() == [("accepted", 1)] * 3


def _lost_claim() -> Work:
    message(status="submitting", attempts=1, claimed_until=timezone.now() - timedelta(minutes=1))
    return maintenance.sweep, lambda: _statuses() == [("unknown", 1)]


def _lost_task() -> Work:
    message()
    return maintenance.sweep, lambda: Message.objects.get().publishes == 1


def _late() -> Work:
    past = timezone.now() - timedelta(minutes=1)
    message(expires_at=past)
    message(expires_at=past, category="verification", content="您的验证码是：482193。")
    return (
        maintenance.sweep,
        lambda: _statuses() == [("expired", 0)] * 2 and not Message.objects.filter(content__contains="482193").exists(),
    )


def _cancelled() -> Work:
    row = message()
    return row.cancel, lambda: row.status == "cancelled" == Message.objects.get().status


def _pause() -> Work:
    now = timezone.now()
    return (
        lambda: AccountState.objects.pause("default", code=4051, msg="", clock_offset=None, now=now),
        lambda: AccountState.objects.get().paused_since is not None,
    )


def _balance() -> Work:
    answer = balance.fetch("default")
    return lambda: balance.save_reading(answer), lambda: BalanceReading.objects.count() == 1


def _figures() -> Work:
    message(status="rejected", code=406)
    return lambda: counters.count_due(timezone.now()), lambda: TallySlot.objects.get().counted_at is not None


def _statuses() -> list[tuple[str, int]]:
    return list(Message.objects.order_by("pk").values_list("status", "attempts"))


WORKS: dict[str, tuple[Callable[[], Work], str]] = {
    "receipt, at the message": (_receipt, 'UPDATE "django_ihuyi_message"'),
    "receipt, at its row": (_receipt, 'INSERT INTO "django_ihuyi_receipt"'),
    "receipt that came first, at its row": (_receipt_that_came_first, 'INSERT INTO "django_ihuyi_receipt"'),
    "receipt that came first, at the mark": (_receipt_that_came_first, 'UPDATE "django_ihuyi_message"'),
    "receipt matched by number, at the message": (_receipt_that_is_matched_by_number, 'UPDATE "django_ihuyi_message"'),
    "receipt matched by number, at its row": (_receipt_that_is_matched_by_number, 'UPDATE "django_ihuyi_receipt"'),
    "opt-out, at the messages": (_reply, 'UPDATE "django_ihuyi_message"'),
    "opt-out, at the reply": (_reply, 'INSERT INTO "django_ihuyi_reply"'),
    "template review, at its row": (_review, 'INSERT INTO "django_ihuyi_templatereview"'),
    "template review, at the template": (_review, 'UPDATE "django_ihuyi_template"'),
    "SMS": (_sms, 'INSERT INTO "django_ihuyi_message"'),
    "SMS with a key": (_sms_with_a_key, 'INSERT INTO "django_ihuyi_message"'),
    "bulk, at the messages": (_bulk, 'INSERT INTO "django_ihuyi_message"'),
    "bulk, at the batch": (_bulk, 'UPDATE "django_ihuyi_batch" SET "recorded"'),
    "SMS sent again": (_sent_again, 'INSERT INTO "django_ihuyi_message"'),
    "code, at the limits": (_code, 'UPDATE "ihuyi_verification_codequota"'),
    "code, at its row": (_code, 'INSERT INTO "ihuyi_verification_verificationcode"'),
    "code, at the message": (_code, 'INSERT INTO "django_ihuyi_message"'),
    "code for a stranger": (_decoy, 'UPDATE "django_ihuyi_message"'),
    "code that is typed": (_typed_code, 'UPDATE "ihuyi_verification_verificationcode"'),
    "submit, at the claim": (_submit, 'UPDATE "django_ihuyi_message"'),
    "submit of many, at the claim": (_submit_chunk, 'UPDATE "django_ihuyi_message"'),
    "claim that ran out": (_lost_claim, 'UPDATE "django_ihuyi_message"'),
    "task that got lost": (_lost_task, 'UPDATE "django_ihuyi_message"'),
    "texts that are too late": (_late, 'UPDATE "django_ihuyi_message"'),
    "cancelling": (_cancelled, 'UPDATE "django_ihuyi_message"'),
    "pause": (_pause, 'UPDATE "django_ihuyi_accountstate"'),
    "balance": (_balance, 'INSERT INTO "django_ihuyi_balancereading"'),
    "figures": (_figures, 'INSERT INTO "ihuyi_dashboard_messagetally"'),
}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)


@pytest.mark.parametrize("heard", [False, True], ids=["", "told to another system"])
@pytest.mark.parametrize(("make", "statement"), WORKS.values(), ids=WORKS)
def test_work__with_conflicts__is_done_once(
    make: Callable[[], Work],
    statement: str,
    heard: bool,
    wire: FakeGateway,
    broker: FakeBroker,
    settings: Settings,
) -> None:
    if heard:
        # Each change is a transaction then, with the event that tells of it.
        settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": {}}
        WebhookEndpoint.objects.create(name="shop", url="https://shop.example/", events=WebhookEvent.values)
    work, is_done = make()
    told = WebhookDelivery.objects.count()
    conflicts = Conflicts(RETRIES, statement)
    with connection.execute_wrapper(conflicts):
        work()
    assert conflicts.met == RETRIES
    assert is_done()
    events = WebhookDelivery.objects.order_by("pk").values_list("event", "message")[told:]
    assert len(events) == len(set(events)), "told twice"


def test_api_call__with_conflicts__is_one_message(settings: Settings, broker: FakeBroker) -> None:
    cache.clear()
    open_api(settings)
    caller = Caller("add_message")
    conflicts = Conflicts(RETRIES, 'INSERT INTO "django_ihuyi_message"')
    with connection.execute_wrapper(conflicts):
        answer = caller.post("messages/", {"mobile": MOBILE, "content": "您好"}, Idempotency_Key="order-7")
    assert (conflicts.met, answer.status_code) == (RETRIES, 202)
    assert answer.json()["id"] == Message.objects.get().pk


def test_opt_out__with_many_messages_waiting__locks_the_oldest_first() -> None:
    """As the sweep and the workers do. The newest are chosen all the same."""
    for number in range(120):
        message(category="marketing", content=str(number))
    locked: list[int] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and "cancelled" in params:
            locked.append(next(value for value in params if isinstance(value, int)))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        OptOut.objects.create(mobile=MOBILE)
    assert locked == list(Message.objects.order_by("pk").values_list("pk", flat=True))[20:]


class Errors:
    """An execute wrapper that remembers what the database refused."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        try:
            return execute(sql, params, many, context)
        except DatabaseError as error:
            self.seen.append(str(error))
            raise


def _somebody_waits() -> bool:
    """Whether a transaction waits for a lock of another one."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
        else:
            cursor.execute("SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'")
        return bool(cursor.fetchone()[0])


@pytest.mark.by_database
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one lock")
def test_opt_out__beside_a_sweep__meets_no_deadlock(broker: FakeBroker) -> None:
    for number in range(5):
        message(category="marketing", content=str(number))
    errors, has_begun, may_go_on = Errors(), threading.Event(), threading.Event()

    def pause_after_the_first(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if sql.startswith("UPDATE") and "cancelled" in params and not has_begun.is_set():
            has_begun.set()
            may_go_on.wait(20)
        return result

    def opt_out() -> None:
        with connection.execute_wrapper(errors), connection.execute_wrapper(pause_after_the_first):
            pushed("reply", REPLY)

    def sweep() -> None:
        has_begun.wait(20)
        with connection.execute_wrapper(errors):
            maintenance.sweep()

    def watch() -> None:
        has_begun.wait(20)
        give_up_at = time.monotonic() + 20
        while not _somebody_waits() and time.monotonic() < give_up_at:
            time.sleep(0.02)
        may_go_on.set()

    run_concurrently(opt_out, sweep, watch)
    assert errors.seen == []
    assert set(Message.objects.values_list("status", flat=True)) == {"cancelled"}
