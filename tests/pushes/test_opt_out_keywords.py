"""Replies by which people stop marketing texts, or want them again, and what becomes of texts that wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from django_ihuyi import send_sms
from django_ihuyi.models import Message, OptOut, Reply
from django_ihuyi.pushes import opt_out_keywords
from django_ihuyi.tasks import submit_batch, submit_message
from tests.concurrency import run_concurrently
from tests.fakes import FakeBroker, FakeGateway
from tests.pushes.push_client import REPLY, push

pytestmark = pytest.mark.django_db(transaction=True)

MOBILE = REPLY["mobilephone"]
WORDS = ["T", "TD", "N", "退订"]


@pytest.fixture
def use(settings: Settings) -> None:
    """Take the word 开通 as well, to opt in."""
    settings.IHUYI = {**settings.IHUYI, "OPT_IN_WORDS": ["开通"]}


def waiting(**arguments: Any) -> Message:
    """Record a marketing text."""
    return send_sms(MOBILE, "大促销，拒收请回复TD", category="marketing", **arguments)


def status(message: Message) -> str:
    return Message.objects.get(pk=message.pk).status


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("TD", "TD"),
        ("td", "TD"),
        ("ｔｄ", "TD"),
        (" T\u3000\n", "T"),
        ("\u200bN\ufeff", "N"),
        ("退订。", "退订"),
        ("退订！！ ", "退订"),
        ("TD.", "TD"),
        ("不退订", None),
        ("TD please", None),
        ("T D", None),
        ("。TD", None),
        ("", None),
        ("。", None),
    ],
)
def test_what_is_an_opt_out_word(text: str, word: str | None) -> None:
    assert opt_out_keywords.find(text, WORDS) == word


@pytest.mark.parametrize(("text", "opts_out"), [("ｔｄ。", True), ("谢谢", False), ("", False)])
def test_a_reply_opts_out(client: Client, text: str, opts_out: bool) -> None:
    assert push(client, "reply", {**REPLY, "content": text}).content == b"success"
    reply = Reply.objects.get()
    assert [(row.mobile, row.reply, row.reason) for row in OptOut.objects.all()] == [(MOBILE, reply, "TD")] * opts_out


def test_marketing_that_waits_is_cancelled_and_nothing_else(client: Client, broker: FakeBroker) -> None:
    later = timezone.now() + timedelta(days=1)
    gone = [waiting(), waiting(send_at=later)]
    kept = [send_sms(MOBILE, "您的订单已发货"), send_sms("13900139000", "大促销", category="marketing")]
    accepted = waiting()
    Message.objects.filter(pk=accepted.pk).update(status="accepted")
    push(client, "reply", REPLY)
    assert [status(message) for message in gone] == ["cancelled"] * 2
    assert [status(message) for message in [*kept, accepted]] == ["queued", "queued", "accepted"]


def test_an_old_push_again_does_not_undo_what_staff_lifted(client: Client) -> None:
    push(client, "reply", REPLY)
    OptOut.objects.all().delete()
    assert push(client, "reply", REPLY).content == b"success"
    assert not OptOut.objects.exists()


@pytest.mark.usefixtures("use")
def test_who_opts_out_anew_while_an_opt_in_is_taken_stays_on_the_list(client: Client) -> None:
    push(client, "reply", REPLY)
    newest = Reply.objects.create(mobile=MOBILE, content="TD", reply_time_text="later")

    def another_push_is_first(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("DELETE") and "django_ihuyi_optout" in sql:
            with connection.cursor() as cursor:
                cursor.execute("UPDATE django_ihuyi_optout SET reply_id = %s", [newest.pk])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(another_push_is_first):
        push(client, "reply", {**REPLY, "content": "开通", "reply_time": "2030-01-01 00:00:00"})
    assert OptOut.objects.get().reply == newest


def test_who_opted_out_by_hand_stays_so(client: Client) -> None:
    before = OptOut.objects.create(mobile=MOBILE, reason="asked by phone")
    push(client, "reply", REPLY)
    row = OptOut.objects.get()
    assert (row.reason, row.created_at, row.reply) == ("asked by phone", before.created_at, Reply.objects.get())


def test_a_crash_in_between_leaves_neither_and_the_next_push_both(client: Client) -> None:
    def crash(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "django_ihuyi_optout" in sql:
            raise DatabaseError("gone away")
        return execute(sql, params, many, context)

    client.raise_request_exception = False
    with connection.execute_wrapper(crash):
        assert push(client, "reply", REPLY).status_code == 500
    assert not Reply.objects.exists()
    push(client, "reply", REPLY)
    assert Reply.objects.count() == OptOut.objects.count() == 1


def test_two_replies_at_the_same_moment() -> None:
    texts = ["T", "TD", "退订"]
    answers = run_concurrently(
        *(lambda text=text: push(Client(), "reply", {**REPLY, "content": text}).content for text in texts)
    )
    assert answers == [b"success"] * 3
    assert (Reply.objects.count(), OptOut.objects.count()) == (3, 1)


@pytest.mark.parametrize(
    ("replies", "opted_out"),
    [
        ([("退订", "10:00"), ("开通", "10:01")], False),
        ([("退订", "10:01"), ("开通", "10:00")], True),
        ([("退订", "10:00"), ("退订。", "10:02"), ("开通", "10:01")], True),
        ([("退订。", "10:02"), ("退订", "10:00"), ("开通", "10:01")], True),
        ([("退订", "soon"), ("开通", "10:00")], True),
        ([("退订", "10:00"), ("开通", "soon")], False),
        ([("退订", "soon"), ("开通", "later")], False),
        ([("开通", "10:00")], False),
    ],
    ids=[
        "after",
        "before, late",
        "between",
        "between, late",
        "out when it came",
        "in when it came",
        "both when they came",
        "never out",
    ],
)
def test_opting_in(client: Client, use: None, replies: list[tuple[str, str]], opted_out: bool) -> None:
    for text, moment in replies:
        assert (
            push(client, "reply", {**REPLY, "content": text, "reply_time": f"2026-05-24 {moment}:00"}).status_code
            == 200
        )
    assert OptOut.objects.exists() is opted_out


def test_opting_in_takes_back_what_staff_noted(client: Client, use: None) -> None:
    OptOut.objects.create(mobile=MOBILE)
    push(client, "reply", {**REPLY, "content": "开通"})
    assert not OptOut.objects.exists()


def test_a_number_added_by_hand_loses_what_waits_but_once_only(broker: FakeBroker) -> None:
    first = waiting()
    row = OptOut.objects.create(mobile=MOBILE)
    assert status(first) == "cancelled"
    Message.objects.update(status="queued")
    row.save()
    assert status(first) == "queued"


@pytest.mark.parametrize("task", [submit_message, lambda pk: submit_batch([pk])], ids=["one", "chunk"])
@pytest.mark.parametrize(
    ("category", "becomes"), [("marketing", "cancelled"), ("notification", "accepted"), ("verification", "accepted")]
)
def test_who_opted_out_meanwhile_is_asked_for_before_each_submit(
    task: Any, category: str, becomes: str, wire: FakeGateway, broker: FakeBroker
) -> None:
    message = send_sms(MOBILE, "您好", category=category)
    # As if it had been recorded at the same moment, or put back after the opt-out: nothing has cancelled it.
    OptOut.objects.bulk_create([OptOut(mobile=MOBILE)])
    task(message.pk)
    assert status(message) == becomes
    assert len(wire.forms) == (becomes == "accepted")


def test_statements(
    client: Client,
    broker: FakeBroker,
    django_assert_num_queries: DjangoAssertNumQueries,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(3):
        waiting()
    # The message, the reply, the opt-out and its newest reply, what waits and the end of each of the three, the
    # transaction's two ends; one more where the database takes no subquery of the table that it updates.
    with django_assert_max_num_queries(11):
        push(client, "reply", REPLY)
    message = send_sms("13900139000", "您好", category="marketing")
    with django_assert_num_queries(1):
        assert OptOut.objects.exclude_opted_out([message, message]) == [message, message]
