"""What somebody reads who has a dump of the database: the columns that the page names, and no others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from django_ihuyi import send_code, send_sms
from django_ihuyi.models import Message
from django_ihuyi.webhooks.models import WebhookEndpoint
from django_ihuyi.webhooks.models.endpoint import WebhookEvent
from tests.api.conftest import Caller, open_api
from tests.docs.markdown_reader import code_in, tables
from tests.fakes import FakeBroker, FakeGateway
from tests.features import our_models
from tests.pushes.push_client import RECEIPT, REPLY, push
from tests.verification.code_text import code_in as code_sent_in

PAGE = "docs/threat-model.md"
MOBILE = "13800138000"
TEXT = "王小明您好，您的订单 7 已发货"
ADDRESS = "203.0.113.7"
API_CALLERS_KEY = "a-callers-idempotency-key"

Cells = set[tuple[str, str]]


def cells() -> Iterator[tuple[str, str, str]]:
    """Every text in the package's tables: table, column and what stands there."""
    for model in our_models():
        for row in model._default_manager.values():
            for column, value in row.items():
                if isinstance(value, str | dict) and column != "fingerprint":
                    yield model.__name__, column, str(value)


def columns_with(secret: str) -> Cells:
    return {(table, column) for table, column, text in cells() if secret in text}


def named(what: str) -> Cells:
    """The columns that the page says something shows in."""
    [table] = [table for table in tables(PAGE) if table[0][0] == "table"]
    column = table[0].index(what)
    return {(code_in(row[0]), name) for row in table[1:] for name in row[column].replace("`", "").split(", ") if name}


@pytest.fixture
def code(wire: FakeGateway, broker: FakeBroker, client: Client, settings: Settings) -> str:
    """Send, be pushed to and be called: a trace in every table that people leave one in. Returns a code on its way."""
    open_api(settings)
    settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": {}}
    # One that is to be told whole numbers: they are not in its rows all the same.
    events = list(WebhookEvent.values)
    endpoint = WebhookEndpoint.objects.create(name="shop", url="https://127.0.0.1", events=events, whole_numbers=True)
    send_sms(MOBILE, TEXT)
    Caller("add_message").post("messages/", {"mobile": MOBILE, "content": TEXT}, Idempotency_Key=API_CALLERS_KEY)
    code = code_sent_in(send_code(MOBILE, "sign-up", ip=ADDRESS))
    push(client, "receipt", RECEIPT)
    push(client, "reply", {**REPLY, "content": "TD"})
    push(client, "reply", {**REPLY, "content": TEXT})
    Message.objects.filter(content=TEXT)[0].cancel()
    assert set(endpoint.deliveries.values_list("event", flat=True)) >= {"message.cancelled", "reply.received"}
    return code


@pytest.mark.django_db(transaction=True)
def test_personal_data_shows_in_the_columns_that_the_page_names(code: str) -> None:
    assert columns_with(MOBILE) == named("whole number")
    assert columns_with(TEXT) == named("text")
    assert columns_with(ADDRESS) == named("client's address")


@pytest.mark.django_db(transaction=True)
def test_no_secret_shows_anywhere(code: str) -> None:
    secrets = [
        django_settings.IHUYI["ACCOUNTS"]["default"]["API_KEY"],
        *django_settings.IHUYI["PUSH_TOKENS"],
        django_settings.SECRET_KEY,
        API_CALLERS_KEY,
    ]
    assert {secret: columns_with(secret) for secret in secrets if columns_with(secret)} == {}


@pytest.mark.django_db(transaction=True)
def test_a_code_shows_in_its_message_until_that_is_settled(code: str, broker: FakeBroker) -> None:
    # Random digits are in numbers, times and hashes too.
    random = {("Message", "smsid"), ("VerificationCode", "nonce"), ("WebhookEndpoint", "nonce")}
    random |= {("WebhookDelivery", "event_id"), ("WebhookDelivery", "data")}
    assert columns_with(code) - random == {("Message", "content")}
    for task in broker.take():
        task.run()
    assert columns_with(code) - random == set()


@pytest.mark.django_db(transaction=True)
def test_tasks_are_numbers_only(code: str, broker: FakeBroker) -> None:
    published = broker.take()
    assert {task.task.rpartition(".")[2] for task in published} == {"submit_message", "deliver_webhook"}
    assert [task.args for task in published if not all(isinstance(pk, int) for pk in task.pks)] == []
