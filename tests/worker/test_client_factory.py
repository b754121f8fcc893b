"""The safe mode: the wire sees test numbers, the record people, and a push finds its message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from django_ihuyi import conf, send_bulk, send_sms
from django_ihuyi.models import Message, Reply
from django_ihuyi.worker.client_factory import make_client, original_recipient, redirect
from tests.fakes import FakeBroker, FakeGateway
from tests.pushes.push_client import push

MOBILE, OTHER, TESTER = "13712345678", "13712345679", "13900139000"


@pytest.fixture
def redirected(settings: Settings) -> dict[str, Any]:
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "REDIRECT_TO": [TESTER]}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account}}
    return account


@pytest.mark.parametrize(
    ("mobile", "numbers", "gets_it"),
    [
        (MOBILE, [TESTER], TESTER),
        (TESTER, [OTHER, TESTER], TESTER),
        ("13712345678", [TESTER, OTHER], TESTER),
        ("13712345679", [TESTER, OTHER], OTHER),
        ("?", [TESTER, OTHER], TESTER),
    ],
    ids=["the only one", "one of them", "even", "odd", "no number"],
)
def test_who_gets_it(mobile: str, numbers: list[str], gets_it: str) -> None:
    assert redirect(mobile, numbers) == gets_it


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("redirected")
def test_nobody_else_gets_a_message(wire: FakeGateway, broker: FakeBroker) -> None:
    message = send_sms(MOBILE, "您好")
    send_bulk([(OTHER, "一"), (TESTER, "二")])
    send_sms(MOBILE, template=1, params=["1234"])
    for task in broker.take():
        task.run()
    assert [(form["mobile"], form["content"]) for form in wire.forms][::3] == [(TESTER, "您好"), (TESTER, "1234")]
    assert {form["mobile"] for form in wire.forms} == {TESTER}
    assert wire.forms[-1]["templateid"] == "1"
    message.refresh_from_db()
    assert (message.mobile, message.status) == (MOBILE, "accepted")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("redirected")
def test_receipts_and_replies_find_the_message(wire: FakeGateway, broker: FakeBroker, client: Client) -> None:
    message = send_sms(MOBILE, "您好")
    [task] = broker.take()
    task.run()
    smsid = wire.accepted[0]["smsid"]
    receipt = {"code": "2", "msg": "DELIVRD", "report_time": "2017-08-02 14:31:51"}
    reply = {"content": "TD", "reply_time": "2017-08-02 14:31:51"}
    for kind, fields in (("receipt", receipt), ("reply", reply)):
        answer = push(client, kind, {**fields, "mobilephone": TESTER, "smsid": smsid})
        assert answer.content == b"success"
    message.refresh_from_db()
    assert message.status == "delivered"
    assert Reply.objects.get().message == message


@pytest.mark.django_db
@pytest.mark.usefixtures("redirected")
def test_what_a_push_means(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    Message.objects.create(mobile=MOBILE, content="您好", smsid="111")
    for mobile in (MOBILE, OTHER):
        Message.objects.create(mobile=mobile, content="您好", smsid="222")
    with django_assert_num_queries(3):
        assert [original_recipient(TESTER, smsid) for smsid in ("111", "222", "333")] == [MOBILE, TESTER, TESTER]
    with django_assert_num_queries(0):
        assert [original_recipient(MOBILE, "111"), original_recipient(TESTER, "")] == [MOBILE, TESTER]


@pytest.mark.usefixtures("redirected")
def test_the_balance_and_the_clock_are_the_accounts_own(wire: FakeGateway) -> None:
    wire.headers = {"Date": format_datetime(datetime.now(UTC) - timedelta(seconds=100), usegmt=True)}
    client = make_client(conf.get_account("default"))
    assert client.clock_offset is None
    assert client.get_balance() == 100
    assert client.clock_offset == pytest.approx(100, abs=10)
