"""The table of statuses: what may follow what, in the UPDATE's own WHERE."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.models import AccountState, Message, Receipt, Reply
from django_ihuyi.models.message_status import TRANSITIONS, MessageStatus
from django_ihuyi.webhooks.models import WebhookEndpoint

pytestmark = pytest.mark.django_db(transaction=True)

NOW = timezone.now()
MOVES: dict[MessageStatus, Callable[[Message], bool]] = {
    MessageStatus.SUBMITTING: lambda m: m.claim(now=NOW, lease=timedelta(seconds=1)),
    MessageStatus.QUEUED: lambda m: m.requeue(due_at=NOW, publish_at=NOW),
    MessageStatus.ACCEPTED: lambda m: m.accept(code=2, msg="", smsid="123", now=NOW),
    MessageStatus.REJECTED: lambda m: m.reject(code=407, msg=""),
    MessageStatus.UNKNOWN: lambda m: m.mark_unknown(error=""),
    MessageStatus.EXPIRED: lambda m: m.expire(now=NOW + timedelta(days=1)),
    MessageStatus.CANCELLED: lambda m: m.cancel(),
    MessageStatus.DELIVERED: lambda m: m.apply_receipt(delivered=True, code=2, msg="", reported_at=NOW),
    MessageStatus.UNDELIVERED: lambda m: m.apply_receipt(delivered=False, code=0, msg="", reported_at=NOW),
}
RANK = ["queued", "submitting", "unknown", "accepted", "undelivered", "delivered"]


@pytest.mark.parametrize("target", MOVES)
@pytest.mark.parametrize("source", MessageStatus)
def test_only_the_arrows_of_the_table(source: MessageStatus, target: MessageStatus) -> None:
    message = Message.objects.create(
        mobile="13800138000", content="您好", status=source, due_at=NOW, expires_at=NOW + timedelta(hours=1)
    )
    moved = MOVES[target](message)
    stored = Message.objects.get()
    assert moved == (source in TRANSITIONS[target])
    assert stored.status == message.status == (target if moved else source)


@pytest.mark.parametrize("expires_at", [None, NOW + timedelta(seconds=1)], ids=["never", "later"])
def test_nothing_expires_before_its_time(expires_at: datetime | None) -> None:
    message = Message.objects.create(mobile="13800138000", content="您好", expires_at=expires_at)
    assert not message.expire(now=NOW)
    assert Message.objects.get().status == message.status == "queued"


def test_every_status_has_its_sources() -> None:
    assert set(TRANSITIONS) == set(MOVES) == set(MessageStatus)


def test_only_putting_back_goes_down() -> None:
    for target, sources in TRANSITIONS.items():
        for source in sources:
            if target in RANK and source in RANK and target != MessageStatus.QUEUED:
                assert RANK.index(source) < RANK.index(target)


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"error": "the name cannot be resolved"}, "Surely not sent, told late: the name cannot be resolved"),
        ({"code": 4051, "msg": "余额不足"}, "Surely not sent, told late: the gateway answered code 4051: 余额不足"),
    ],
    ids=["not handed over", "refused for now"],
)
def test_a_word_that_comes_after_the_claim_ran_out_is_told(told: dict[str, Any], error: str) -> None:
    message = Message.objects.create(mobile="13800138000", content="您好")
    assert message.claim(now=timezone.now(), lease=timedelta(seconds=1))
    assert Message.objects.get().mark_unknown(error="The worker that submitted it never came back.")
    assert not message.requeue(due_at=NOW, publish_at=NOW, **told)
    stored = Message.objects.get()
    assert (stored.status, stored.error, stored.code) == ("unknown", error, told.get("code"))


def test_a_word_of_an_older_attempt_is_not_told() -> None:
    message = Message.objects.create(
        mobile="13800138000", content="您好", status="unknown", attempts=2, error="as it was"
    )
    message.attempts = 1
    assert not message.requeue(due_at=NOW, publish_at=NOW, error="too late")
    assert Message.objects.get().error == "as it was"


def test_what_is_rolled_back_leaves_the_instance_as_it_was(settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": {}}
    WebhookEndpoint.objects.create(name="erp", url="https://example.com/", events=["message.rejected"])
    message = Message.objects.create(mobile="13800138000", content="您的验证码是：482913。", category="verification")
    assert message.claim(now=timezone.now(), lease=timedelta(seconds=1))
    failures = [OperationalError("deadlock detected")]

    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT") and "webhookdelivery" in sql and failures:
            raise failures.pop()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        with pytest.raises(OperationalError):
            message.reject(code=4072, msg="不匹配：您的验证码是：482913。")
        assert (message.status, message.code, message.content) == ("submitting", None, "您的验证码是：482913。")
        assert message.reject(code=4072, msg="不匹配：您的验证码是：482913。")
    stored = Message.objects.get()
    assert (stored.status, stored.code) == ("rejected", 4072)
    assert "482913" not in stored.msg + stored.content


def test_ends_are_ends() -> None:
    ends = {"rejected", "delivered"}
    assert not any(ends & set(sources) for sources in TRANSITIONS.values())
    # Of what was put back and then taken off the queue, one thing only may still turn out: that it had gone out.
    off_the_queue = {"cancelled", "expired"}
    assert [target for target, sources in TRANSITIONS.items() if off_the_queue & set(sources)] == ["accepted"]


@pytest.mark.parametrize("fields", [{"smsid": "0"}, {"smsid": ""}, {"status": "lost"}, {"segments": 0}])
def test_constraints(fields: dict[str, object]) -> None:
    with pytest.raises(IntegrityError):
        Message.objects.create(mobile="13800138000", content="您好", **fields)


def test_many_messages_without_an_smsid() -> None:
    for _ in range(3):
        Message.objects.create(mobile="13800138000", content="您好")
    assert Message.objects.filter(smsid=None).count() == 3


def test_nothing_personal_in_texts_of_rows() -> None:
    message = Message.objects.create(mobile="13800138000", content="验证码482193")
    receipt = Receipt.objects.create(mobile="13800138000", smsid="111", code=2)
    reply = Reply.objects.create(mobile="13800138000", content="退订")
    state = AccountState.objects.create(account="default")
    for row in (message, receipt, reply, state):
        for text in (str(row), repr(row)):
            assert "138001" not in text
            assert "482193" not in text
            assert "退订" not in text


def test_a_reply_that_meets_another_constraint_goes_up() -> None:
    reply = Reply(mobile="13800138000", reply_time_text="?")
    reply.content = None  # type: ignore[assignment]  # any other constraint will do
    with pytest.raises(IntegrityError):
        Reply.objects.receive(reply)
