"""Whoever changes a row finds it by its key alone: so each locks the row first, and what an index says of it second."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from django_ihuyi.dashboard import counters
from django_ihuyi.dashboard.models import TallySlot
from django_ihuyi.gateway import SubmitResult
from django_ihuyi.models import Message, Receipt, Reply, Template, TemplateReview, message_bulk
from django_ihuyi.verification import cleanup
from django_ihuyi.verification.models import CodeQuota, Suspicion, VerificationCode
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint

NOW = timezone.now()
PAST, SOON = NOW - timedelta(hours=1), NOW + timedelta(minutes=1)
LEASE = timedelta(minutes=1)


def message(status: str = "queued", **values: Any) -> Message:
    defaults = {"mobile": "13800138000", "content": "您好", "status": status, "due_at": PAST, "publish_at": PAST}
    return Message.objects.create(**{**defaults, **values})


def receipt() -> Receipt:
    return Receipt.objects.create(mobile="13800138000", smsid="7", code=2, report_time=PAST, match_at=PAST)


def delivery(status: str = "pending", **values: Any) -> WebhookDelivery:
    endpoint = WebhookEndpoint.objects.create(name="shop", url="https://shop.example/")
    return WebhookDelivery.objects.create(endpoint=endpoint, event_id="evt_1", event="ping", status=status, **values)


def code() -> VerificationCode:
    return VerificationCode.objects.create(
        mobile="13800138000", purpose="sign-up", nonce="n", length=6, expires_at=SOON, created_at=PAST
    )


def _accept_many() -> None:
    rows = [message("submitting"), message("submitting")]
    message_bulk.accept_many([(row, SubmitResult(2, "", str(row.pk))) for row in rows], now=NOW)


def _early_receipt() -> None:
    message("submitting")
    Receipt.objects.receive(Receipt(mobile="13800138000", smsid="7", code=2), window=timedelta(days=3))


def _review() -> None:
    template = Template.objects.create(name="order", text="x", template_id="7", state="in_review")
    template.review(TemplateReview.objects.create(templateid="7", code=2, msg="", fingerprint="f"))


def _hand_in() -> None:
    template = Template.objects.create(name="order", text="x")
    template.begin_submission(now=NOW)
    template.settle("7")


def _forget() -> None:
    old = NOW - timedelta(days=400)
    VerificationCode.objects.filter(pk=code().pk).update(created_at=old)
    CodeQuota.objects.create(subject="site", used_at=old)
    Suspicion.objects.create(subject="site", seen_at=old)
    cleanup.delete_expired(NOW, most=10)


CHANGES: dict[str, Callable[[], object]] = {
    "message claimed": lambda: message().claim(now=NOW, lease=LEASE),
    "message accepted": lambda: message("submitting").accept(code=2, msg="", smsid="7", now=NOW),
    "message rejected": lambda: message("submitting").reject(code=407, msg=""),
    "message put back": lambda: message("submitting").requeue(due_at=SOON, publish_at=SOON),
    "message put back late": lambda: message("unknown").requeue(due_at=SOON, publish_at=SOON),
    "message unknown": lambda: message("submitting", claimed_until=PAST).mark_unknown(error=""),
    "message expired": lambda: message(expires_at=PAST).expire(now=NOW),
    "message cancelled": lambda: message().cancel(),
    "message given up": lambda: message("unknown").give_up(now=NOW),
    "message postponed": lambda: message().postpone(due_at=SOON, publish_at=SOON),
    "message taken for publishing": lambda: message().reserve_enqueue(publish_at=SOON),
    "message reported": lambda: message("accepted").apply_receipt(delivered=True, code=2, msg="", reported_at=NOW),
    "messages claimed": lambda: message_bulk.claim_many([message(), message()], now=NOW, lease=LEASE),
    "messages accepted": _accept_many,
    "messages taken for publishing": lambda: message_bulk.reserve_enqueue_many(
        [message()] * 2, now=NOW, publish_at=SOON
    ),
    "messages expired": lambda: message_bulk.expire_many([message(expires_at=PAST), message(expires_at=PAST)], now=NOW),
    "messages queued": lambda: message_bulk.queued([message().pk, message().pk]).update(publish_at=SOON),
    "receipt matched": lambda: Receipt.objects.attach(receipt(), message("accepted")),
    "receipt not matched": lambda: Receipt.objects.match(receipt(), window=timedelta(days=3), now=NOW),
    "receipt that came first": _early_receipt,
    "reply read": lambda: Reply.objects.mark(
        [Reply.objects.create(mobile="13800138000", content="x").pk], read_by=None, now=NOW
    ),
    "code tried": lambda: code().reserve_attempt(now=NOW, most=5),
    "code entered": lambda: code().enter(now=NOW),
    "rows forgotten": _forget,
    "template handed in": _hand_in,
    "template reviewed": _review,
    "suspicion begun": lambda: Suspicion.objects.suspect("site", sent=9, entered=1, now=NOW),
    "suspicion lifted": lambda: Suspicion.objects.lift(Suspicion.objects.create(subject="site", since=PAST)),
    "half-hour counted": lambda: counters.count(TallySlot.objects.create(number=5, due_at=PAST), now=NOW),
    "delivery claimed": lambda: delivery().claim(now=NOW, lease=LEASE),
    "delivery put back": lambda: delivery("sending").requeue(answer=500, error="", due_at=SOON),
    "delivery given up": lambda: delivery("sending").fail(answer=500, error="", now=NOW),
    "delivery delivered": lambda: delivery("sending").deliver(answer=200, now=NOW),
    "delivery too old": lambda: delivery().expire(now=NOW),
    "delivery taken for publishing": lambda: delivery().reserve_enqueue(now=NOW),
    "delivery replayed": lambda: delivery("dead").replay(now=NOW),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.by_database
@pytest.mark.skipif(connection.vendor != "mysql", reason="only MariaDB locks the index by which it found a row")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_row__that_is_changed__is_found_by_its_key_alone(change: Callable[[], object]) -> None:
    plans: list[tuple[str, str | None]] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("UPDATE", "DELETE")) or "FOR UPDATE" in sql:
            with connection.cursor() as cursor:
                cursor.cursor.execute(f"EXPLAIN {sql}", params)
                names = [column[0] for column in cursor.description]
                plans.extend(
                    (sql, dict(zip(names, row, strict=True))["possible_keys"]) for row in cursor.fetchall()[:1]
                )
        return execute(sql, params, message_bulk, context)

    with connection.execute_wrapper(explain):
        change()
    assert plans
    assert [(sql, keys) for sql, keys in plans if keys != "PRIMARY"] == []
