"""Many at once under each isolation level that a site may choose: what meets a conflict is done once more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client
from pytest_django import Settings

from django_ihuyi import maintenance, send_bulk, send_code, send_sms, verify_code
from django_ihuyi.models import AccountState, Batch, Message, OptOut, Receipt, Reply, Template, TemplateReview
from django_ihuyi.signals import account_paused, message_accepted, message_delivered, reply_received, template_reviewed
from django_ihuyi.tasks import submit_message
from django_ihuyi.testing import latest_code, use_outbox
from tests.api.conftest import Caller, open_api
from tests.concurrency import run_concurrently
from tests.fakes import FakeBroker, FakeGateway
from tests.pushes.push_client import RECEIPT, REPLY, REVIEW, SMSID, push
from tests.signal_recorder import SignalRecorder

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.by_database,
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one isolation level"),
]

MANY = 4
"""One more than there are retries: of those that meet in a conflict, one at least gets through each time."""
MOBILES = [f"1380013800{index}" for index in range(MANY)]


@pytest.fixture(params=["read committed", "repeatable read", "serializable"], autouse=True)
def level(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Connections that are opened from now on have this isolation level, and on MariaDB snapshots that are kept to."""
    options: dict[str, Any] = dict(connections.settings["default"].get("OPTIONS", {}))
    if connection.vendor == "postgresql":
        from psycopg import IsolationLevel

        options["isolation_level"] = IsolationLevel[request.param.upper().replace(" ", "_")]
    else:
        options |= {"isolation_level": request.param, "init_command": "SET innodb_snapshot_isolation = ON"}
    monkeypatch.setitem(connections.settings["default"], "OPTIONS", options)
    connection.close()
    yield request.param
    connection.close()


def pushed(kind: str, fields: dict[str, str]) -> bytes:
    return bytes(push(Client(raise_request_exception=False), kind, fields).content)


def test_codes__for_many_numbers__are_all_sent(broker: FakeBroker) -> None:
    sent = run_concurrently(*[partial(send_code, mobile, "sign-up", ip="203.0.113.7") for mobile in MOBILES])
    assert len({message.pk for message in sent}) == Message.objects.count() == MANY


def test_code__entered_many_times__is_right_once() -> None:
    with use_outbox():
        send_code(MOBILES[0], "sign-up")
        code = latest_code(MOBILES[0])
    assert sorted(run_concurrently(*[partial(verify_code, MOBILES[0], "sign-up", code)] * MANY)) == [False] * (
        MANY - 1
    ) + [True]


def test_receipts__of_one_message__are_all_kept(heard: SignalRecorder) -> None:
    heard.listen(message_delivered)
    message = Message.objects.create(mobile=RECEIPT["mobilephone"], content="您好", status="accepted", smsid=SMSID)
    parts = [{**RECEIPT, "report_time": f"2017-08-02 14:31:5{index // 2}"} for index in range(MANY)]
    assert run_concurrently(*[partial(pushed, "receipt", part) for part in parts]) == [b"success"] * MANY
    message.refresh_from_db()
    assert (message.status, Receipt.objects.filter(message=message).count()) == ("delivered", MANY // 2)
    assert len(heard[message_delivered]) == 1


def test_receipts__that_come_first__are_all_kept() -> None:
    Message.objects.create(mobile=RECEIPT["mobilephone"], content="您好", status="submitting")
    parts = [{**RECEIPT, "report_time": f"2017-08-02 14:31:5{index // 2}"} for index in range(MANY)]
    assert run_concurrently(*[partial(pushed, "receipt", part) for part in parts]) == [b"success"] * MANY
    assert Message.objects.get().receipt_came_first
    assert Receipt.objects.count() == MANY // 2


def test_replies__that_opt_out__are_all_kept(heard: SignalRecorder, broker: FakeBroker) -> None:
    heard.listen(reply_received)
    mobile = REPLY["mobilephone"]
    Message.objects.bulk_create(Message(mobile=mobile, content=str(n), category="marketing") for n in range(5))
    replies = [{**REPLY, "content": word} for word in ("T", "TD", "N", "退订")]
    assert run_concurrently(*[partial(pushed, "reply", reply) for reply in replies]) == [b"success"] * MANY
    assert Reply.objects.count() == len(heard[reply_received]) == MANY
    assert OptOut.objects.get().mobile == mobile
    assert set(Message.objects.values_list("status", flat=True)) == {"cancelled"}


def test_reviews__of_one_template__are_kept_once(heard: SignalRecorder) -> None:
    heard.listen(template_reviewed)
    Template.objects.create(name="order", text="您的订单【变量】已发货。", template_id="1001", state="in_review")
    assert run_concurrently(*[partial(pushed, "template", REVIEW)] * MANY) == [b"success"] * MANY
    assert (TemplateReview.objects.count(), Template.objects.get().state) == (1, "passed")
    assert len(heard[template_reviewed]) == 1


def test_messages__with_one_key__are_one(broker: FakeBroker) -> None:
    sent = run_concurrently(*[partial(send_sms, MOBILES[0], "您好", idempotency_key="order-7")] * MANY)
    assert {message.pk for message in sent} == {Message.objects.get().pk}


def test_bulks__with_one_key__are_one(broker: FakeBroker) -> None:
    rows = [(mobile, "您好") for mobile in MOBILES]
    results = run_concurrently(*[partial(send_bulk, rows, idempotency_key="campaign")] * MANY)
    assert {result.batch.pk for result in results} == {Batch.objects.get().pk}
    assert [result.recorded for result in results] == [MANY] * MANY
    assert Message.objects.count() == MANY


def test_tasks__of_one_message__submit_it_once(wire: FakeGateway, broker: FakeBroker, heard: SignalRecorder) -> None:
    heard.listen(message_accepted)
    message = send_sms(MOBILES[0], "您好")
    run_concurrently(*[partial(submit_message, message.pk)] * MANY)
    message.refresh_from_db()
    assert (message.status, message.attempts, len(wire.forms)) == ("accepted", 1, 1)
    assert len(heard[message_accepted]) == 1


def test_sweeps__at_the_same_rows__publish_each_once(broker: FakeBroker) -> None:
    Message.objects.bulk_create(Message(mobile=mobile, content="您好") for mobile in MOBILES * 3)
    counts = run_concurrently(*[maintenance.sweep] * MANY)
    assert sum(count["published"] for count in counts) == len(broker.take_pks()) == 3 * MANY


def test_pauses__of_one_account__begin_once(heard: SignalRecorder) -> None:
    heard.listen(account_paused)
    now = Message().created_at
    pause: Callable[[], bool] = partial(
        AccountState.objects.pause, "default", code=4051, msg="", clock_offset=None, now=now
    )
    assert sum(run_concurrently(*[pause] * MANY)) == len(heard[account_paused]) == 1


def test_api_calls__with_one_key__are_one_message(settings: Settings, broker: FakeBroker) -> None:
    cache.clear()
    open_api(settings)
    caller = Caller("add_message")
    body = {"mobile": MOBILES[0], "content": "您好"}
    answers = run_concurrently(*[partial(caller.post, "messages/", body, Idempotency_Key="order-7")] * MANY)
    assert [answer.status_code for answer in answers] == [202] * MANY
    assert {answer.json()["id"] for answer in answers} == {Message.objects.get().pk}
