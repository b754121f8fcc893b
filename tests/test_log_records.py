"""What is logged: stable names, and nothing about a person or a secret in any record of a whole run."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from django_ihuyi import send_code, send_sms, verify_code
from django_ihuyi.tasks import sweep
from tests.fakes import FakeBroker, FakeGateway
from tests.log_records import events, package_records
from tests.pushes.push_client import push, url
from tests.verification.code_text import code_in

MOBILE = "13800138000"
TEXT = "王小明您好，您的订单 7 已发货"


def run_everything(wire: FakeGateway, broker: FakeBroker, client: Client) -> list[str]:
    """Send, be refused, get no answer, be pushed to. Returns what must not be logged."""
    code = code_in(send_code(MOBILE, "sign-up"))
    wire.answer(2, 2, 407, (502, TEXT.encode()), 405)
    for number in range(4):
        send_sms(MOBILE, TEXT, idempotency_key=f"{MOBILE}-{number}")
    for task in broker.take():
        task.run()
    sweep()
    assert verify_code(MOBILE, "sign-up", code)
    smsid = wire.accepted[1]["smsid"]
    receipt = {"code": "2", "msg": "DELIVRD", "mobilephone": MOBILE, "smsid": smsid}
    push(client, "receipt", {**receipt, "report_time": "2017-08-02 14:31:51"})
    push(client, "receipt", {"mobilephone": MOBILE, "content": TEXT})
    push(client, "reply", {"mobilephone": MOBILE, "content": TEXT, "reply_time": "2017-05-24 17:46:50"})
    client.post(url("reply", "wrong-token-0123456789"), {"mobilephone": MOBILE})
    account = django_settings.IHUYI["ACCOUNTS"]["default"]
    secrets = [account["API_KEY"], django_settings.PUSH_TOKEN, "wrong-token-0123456789"]
    return [MOBILE, "王小明", "已发货", code, *secrets]


@pytest.mark.django_db(transaction=True)
def test_a_whole_run_tells_nothing_of_people_and_secrets(
    wire: FakeGateway, broker: FakeBroker, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    forbidden = run_everything(wire, broker, client)
    for record in package_records(caplog):
        told: dict[str, Any] = {**vars(record), "said": record.getMessage()}
        assert [word for word in forbidden if word in str(told)] == [], record
    assert {"message.accepted", "message.rejected", "message.unknown", "message.delivered"} <= set(events(caplog))


@pytest.mark.django_db(transaction=True)
def test_a_record_names_its_message(wire: FakeGateway, broker: FakeBroker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "django_ihuyi.messages")
    message = send_sms(MOBILE, TEXT)
    broker.take()[0].run()
    told = [vars(record) for record in caplog.records if record.name == "django_ihuyi.messages"]
    assert [(record["levelname"], record["event"], record["code"], record["attempts"]) for record in told] == [
        ("DEBUG", "message.submitting", None, 1),
        ("INFO", "message.accepted", 2, 1),
    ]
    assert {record["message_pk"] for record in told} == {message.pk}
    assert (told[0]["account"], told[0]["category"]) == ("default", "notification")
