"""What goes out is claimed first, and a claim that a rollback could undo is refused: nothing is sent twice for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, TestCase
from django.urls import path
from pytest_django import Settings

from django_ihuyi import send_sms
from django_ihuyi.models import Message, Template
from django_ihuyi.sending.template_registry import submit_for_review
from django_ihuyi.tasks import submit_batch, submit_message
from django_ihuyi.testing import use_outbox
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint
from django_ihuyi.webhooks.tasks import deliver_webhook
from tests.fakes import FakeBroker, FakeGateway
from tests.worker.helpers import bulk

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def without_autocommit() -> Iterator[None]:
    """As with ``AUTOCOMMIT: False`` in ``DATABASES``."""
    transaction.set_autocommit(False)
    try:
        yield
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)


Around = Callable[[], Any]
TRANSACTIONS: dict[str, Around] = {
    "atomic": transaction.atomic,
    "durable": lambda: transaction.atomic(durable=True),
    "no autocommit": without_autocommit,
}


def _message() -> Callable[[], object]:
    (pk,) = bulk(1)
    return lambda: submit_message(pk)


def _chunk() -> Callable[[], object]:
    pks = bulk(3)
    return lambda: submit_batch(pks)


def _template() -> Callable[[], object]:
    template = Template.objects.create(name="order-shipped", text="您的订单【变量】已发货。", variables=["order"])
    return lambda: submit_for_review(Template.objects.get(pk=template.pk))


DOORS = {"message": _message, "chunk": _chunk, "template": _template}


@pytest.mark.parametrize("make", DOORS.values(), ids=DOORS)
@pytest.mark.parametrize("around", TRANSACTIONS.values(), ids=TRANSACTIONS)
def test_work__in_an_open_transaction__raises_before_anything_goes_out(
    make: Callable[[], Callable[[], object]], around: Around, wire: FakeGateway, broker: FakeBroker
) -> None:
    work = make()
    with around(), pytest.raises(RuntimeError, match=r"sent again.*transaction\.on_commit\(\)"):
        work()
    assert wire.forms == []
    wire.answer(*[{"code": 2, "msg": "", "smsid": "1587024695669682053", "templateid": 7}] * 3)
    work()
    assert len(wire.forms) == (3 if make is _chunk else 1)


def test_webhook__in_an_open_transaction__is_not_posted(settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": {}}
    endpoint = WebhookEndpoint.objects.create(name="shop", url="https://shop.example/", events=[])
    delivery = WebhookDelivery.objects.ping(endpoint)
    with transaction.atomic(), pytest.raises(RuntimeError, match="A webhook delivery is not sent"):
        deliver_webhook(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("pending", 0)


def test_task__called_in_a_transaction_that_is_rolled_back__leaves_one_sms(
    wire: FakeGateway, broker: FakeBroker
) -> None:
    message = send_sms("13800138000", "您好")
    with rolled_back(), pytest.raises(RuntimeError):
        submit_message(message.pk)
    submit_message(message.pk)
    message.refresh_from_db()
    assert (len(wire.forms), message.status, message.attempts) == (1, "accepted", 1)


def test_error__names_the_setting_where_nothing_is_committed(wire: FakeGateway, broker: FakeBroker) -> None:
    (pk,) = bulk(1)
    with without_autocommit(), pytest.raises(RuntimeError, match=r"leave AUTOCOMMIT out of DATABASES\['default'\]"):
        submit_message(pk)


@pytest.mark.django_db(transaction=False)
def test_work__in_the_transaction_of_a_test_case__goes_on(wire: FakeGateway, broker: FakeBroker) -> None:
    with TestCase.captureOnCommitCallbacks():
        message = send_sms("13800138000", "您好")
    submit_message(message.pk)
    submit_batch(bulk(2))
    assert len(wire.forms) == 3


def _send(request: HttpRequest) -> HttpResponse:
    message = send_sms("13800138000", "您好")
    return HttpResponse(message.status)


urlpatterns = [path("send/", _send)]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("outbox", [False, True], ids=["eager", "outbox"])
def test_request__in_a_transaction__sends_after_its_commit(
    outbox: bool, client: Client, wire: FakeGateway, eager: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    if outbox:
        with use_outbox() as sent:
            assert client.post("/send/").content == b"queued"
            assert len(sent) == 1
    else:
        assert client.post("/send/").content == b"queued"
        assert len(wire.forms) == 1
    assert Message.objects.get().status == "accepted"


@pytest.mark.django_db(transaction=False)
@pytest.mark.urls(__name__)
def test_request__in_a_transaction_and_a_test_case__fills_the_outbox(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    with use_outbox() as sent:
        client.post("/send/")
        assert len(sent) == 1
