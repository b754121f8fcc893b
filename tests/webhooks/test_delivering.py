"""From a change of status to a receiver: signed, once taken, and again while it is not."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from django_ihuyi import send_sms, upkeep
from django_ihuyi.models import Message, WebhookDelivery, WebhookEndpoint
from django_ihuyi.tasks import deliver_webhook
from django_ihuyi.webhooks import delivering, signing
from tests.wire import FakeBroker, FakeWire

from .conftest import Subscribe
from .receiver import ALLOWED, Receiver

pytestmark = pytest.mark.django_db(transaction=True)

MOBILE, MASKED = "13800138000", "138******00"


def make(**values: object) -> Message:
    fields = {"mobile": MOBILE, "content": "您的验证码是：123456。", "status": "accepted", "smsid": "158", "code": 2}
    return Message.objects.create(**{**fields, **values})


def report(message: Message, *, delivered: bool = True) -> bool:
    return message.report(delivered=delivered, code=2 if delivered else 0, msg="DELIVRD", reported_at=timezone.now())


def work(broker: FakeBroker) -> None:
    """Do what workers do."""
    for published in broker.take():
        published.run()


def test_from_submit_to_delivered(subscribe: Subscribe, receiver: Receiver, wire: FakeWire, broker: FakeBroker) -> None:
    endpoint = subscribe()
    message = send_sms(MOBILE, "您的订单已发货。", metadata={"order": 7})
    work(broker)
    message.refresh_from_db()
    assert report(message)
    work(broker)
    assert [post.event["type"] for post in receiver.posts] == ["message.accepted", "message.delivered"]
    last = receiver.posts[-1]
    event_id = signing.verify([endpoint.secret], last.headers, last.body, now=time.time())
    delivery = WebhookDelivery.objects.get(event="message.delivered")
    assert event_id == last.event["id"] == delivery.event_id
    assert (delivery.status, delivery.attempts, delivery.answer, delivery.error) == ("delivered", 1, 204, "")
    assert last.event["data"] == {
        "message": message.pk,
        "status": "delivered",
        "account": "default",
        "category": "notification",
        "code": 2,
        "smsid": message.smsid,
        "receipt_code": 2,
        "reported_at": message.reported_at.isoformat() if message.reported_at else None,
        "mobile": MASKED,
        "metadata": {"order": 7},
    }
    assert last.event["timestamp"] == delivery.created_at.isoformat()
    assert last.headers["content-type"] == "application/json"
    assert last.headers["user-agent"].startswith("django-ihuyi/")


@pytest.mark.parametrize("status", [300, 302, 400, 404, 429, 500, 503])
def test_what_is_not_taken_is_tried_again_with_the_same_id(
    subscribe: Subscribe, receiver: Receiver, broker: FakeBroker, status: int
) -> None:
    subscribe()
    receiver.answer(status)
    report(make())
    work(broker)
    delivery = WebhookDelivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.answer) == ("pending", 1, status)
    assert delivery.due_at > timezone.now()
    deliver_webhook(delivery.pk)  # a task that comes twice
    assert upkeep.sweep()["webhooks"] == 0
    with time_machine.travel(delivery.due_at + timedelta(seconds=30)):
        assert upkeep.sweep()["webhooks"] == 1
        work(broker)
    first, second = receiver.posts
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("delivered", 2)


def test_after_max_attempts_it_is_dead(
    subscribe: Subscribe, use: Callable[..., None], receiver: Receiver, broker: FakeBroker
) -> None:
    subscribe()
    use(**ALLOWED, PORTS=[receiver.port], MAX_ATTEMPTS=2)
    receiver.answer(400, 400)
    report(make())
    work(broker)
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        upkeep.sweep()
        work(broker)
        assert upkeep.sweep()["webhooks"] == 0
    delivery = WebhookDelivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.answer) == ("dead", 2, 400)
    assert delivery.ended_at is not None


def test_gone_switches_the_endpoint_off(
    subscribe: Subscribe, receiver: Receiver, broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint, other = subscribe(), subscribe(events=["message.undelivered"])
    receiver.answer(410)
    report(make())
    work(broker)
    endpoint.refresh_from_db()
    assert not endpoint.active
    assert endpoint.disabled_at is not None
    assert "410" in endpoint.disabled_reason
    assert WebhookDelivery.objects.get().status == "dead"
    assert WebhookEndpoint.objects.wanting("message.delivered") == []
    assert [one.pk for one in WebhookEndpoint.objects.wanting("message.undelivered")] == [other.pk]
    assert [getattr(record, "event", "") for record in caplog.records if record.levelno == logging.ERROR] == [
        "webhook.dead",
        "webhook.gone",
    ]


def test_what_waits_for_an_endpoint_that_is_off_goes_out_when_it_is_on(
    subscribe: Subscribe, receiver: Receiver, broker: FakeBroker
) -> None:
    endpoint = subscribe()
    report(make())
    assert endpoint.switch_off(reason="", now=timezone.now())
    assert not endpoint.switch_off(reason="", now=timezone.now())
    work(broker)
    later = timezone.now() + timedelta(minutes=2)
    with time_machine.travel(later):
        assert upkeep.sweep()["webhooks"] == 0
        assert endpoint.switch_on()
        assert upkeep.sweep()["webhooks"] == 1
        work(broker)
    assert len(receiver.posts) == 1


@pytest.mark.parametrize("attempts", [1, 2, 3, 8, 30])
def test_pauses_grow_and_end(attempts: int) -> None:
    exact = min(15 * 4 ** (attempts - 1), 8 * 3600)
    pauses = [delivering.backoff(attempts).total_seconds() for _ in range(200)]
    assert exact * 0.5 <= min(pauses) < max(pauses) <= exact * 1.5
