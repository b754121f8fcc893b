"""From a change of status to a receiver: signed, once taken, and again while it is not."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from django.utils.http import http_date
from pytest_django import Settings

from django_ihuyi import maintenance, send_sms
from django_ihuyi.webhooks import dispatch, signatures, worker
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint
from django_ihuyi.webhooks.tasks import deliver_webhook
from tests.fakes import FakeBroker, FakeGateway
from tests.log_records import events

from .conftest import Subscribe
from .helpers import MASKED, MOBILE, make, report, work
from .receiver import ALLOWED, Receiver

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_submit_to_delivered(
    subscribe: Subscribe, receiver: Receiver, wire: FakeGateway, broker: FakeBroker
) -> None:
    endpoint = subscribe()
    message = send_sms(MOBILE, "您的订单已发货。")
    work(broker)
    message.refresh_from_db()
    assert report(message)
    work(broker)
    assert [post.event["type"] for post in receiver.posts] == ["message.accepted", "message.delivered"]
    last = receiver.posts[-1]
    event_id = signatures.verify([endpoint.secret], last.headers, last.body, now=time.time())
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
    assert maintenance.sweep()["webhooks"] == 0
    with time_machine.travel(delivery.due_at + timedelta(seconds=30)):
        assert maintenance.sweep()["webhooks"] == 1
        work(broker)
    first, second = receiver.posts
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("delivered", 2)


@pytest.mark.parametrize(
    ("value", "hours"),
    [
        ("3600", 1),
        ("99999999", 8),
        ("9" * 40, 8),
        ("0", 0),
        ("²", 0),
        ("9" * 5000, 0),
        ("", 1),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 999999999 07:28:00 GMT", 0),
        ("tomorrow", 0),
    ],
    ids=["an hour", "years", "ages", "now", "no digit", "nonsense", "a date", "past", "no such year", "a word"],
)
def test_who_asks_for_time_gets_it(
    value: str, hours: int, subscribe: Subscribe, receiver: Receiver, broker: FakeBroker
) -> None:
    subscribe()
    receiver.answer(429)
    receiver.headers["Retry-After"] = value or http_date(time.time() + 3630)
    before = timezone.now()
    report(make())
    work(broker)
    wait = WebhookDelivery.objects.get().due_at - before
    assert timedelta(hours=hours) <= wait < timedelta(hours=hours, minutes=2)


def test_after_max_attempts_it_is_dead(
    subscribe: Subscribe, use: Callable[..., None], receiver: Receiver, broker: FakeBroker
) -> None:
    subscribe()
    use(**ALLOWED, PORTS=[receiver.port], MAX_ATTEMPTS=2)
    receiver.answer(400, 400)
    report(make())
    work(broker)
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        maintenance.sweep()
        work(broker)
        assert maintenance.sweep()["webhooks"] == 0
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
    assert WebhookEndpoint.objects.subscribed_to("message.delivered") == []
    assert [one.pk for one in WebhookEndpoint.objects.subscribed_to("message.undelivered")] == [other.pk]
    assert events(caplog, logging.ERROR) == ["webhook.dead", "webhook.gone"]


@pytest.mark.parametrize("attempts", [1, 2, 3, 8, 30])
def test_pauses_grow_and_end(attempts: int) -> None:
    exact = min(15 * 4 ** (attempts - 1), 8 * 3600)
    pauses = [worker.backoff(attempts).total_seconds() for _ in range(200)]
    assert exact * 0.5 <= min(pauses) < max(pauses) <= exact * 1.5


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"ALLOWED_NETWORKS": []}, "not posted: the host has an address that is not public"),
        ({"ALLOW_HTTP": False}, "not posted: the URL must begin with https://"),
        ({"PORTS": [443]}, "not posted: its port"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_where_nothing_may_go_nothing_goes(
    options: dict[str, object],
    why: str,
    subscribe: Subscribe,
    use: Callable[..., None],
    receiver: Receiver,
    broker: FakeBroker,
) -> None:
    subscribe()
    use(**{**ALLOWED, "PORTS": [receiver.port], **options})
    report(make())
    work(broker)
    delivery = WebhookDelivery.objects.get()
    assert (delivery.status, delivery.answer) == ("pending", None)
    assert delivery.error.startswith(why)
    assert receiver.posts == []


def test_a_name_that_changes_between_two_tries_is_checked_each_time(
    subscribe: Subscribe,
    use: Callable[..., None],
    receiver: Receiver,
    broker: FakeBroker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: allowed at the first try, at the second an address inside."""
    answers, real = ["127.0.0.1", "127.9.9.9"], socket.getaddrinfo

    def resolve(host: str, port: int, *more: Any, **named: Any) -> Any:
        # The connection asks as well, for the address that was checked.
        return real(answers.pop(0) if host == "hooks.example" else host, port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    subscribe(url=f"http://hooks.example:{receiver.port}/in")
    use(**{**ALLOWED, "ALLOWED_NETWORKS": ["127.0.0.1/32"], "PORTS": [receiver.port]})
    receiver.answer(400)
    report(make())
    work(broker)
    assert [post.headers["host"] for post in receiver.posts] == [f"hooks.example:{receiver.port}"]
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        maintenance.sweep()
        work(broker)
    assert answers == []
    assert len(receiver.posts) == 1
    assert WebhookDelivery.objects.get().error == "not posted: the host has an address that is not public"


def test_a_name_that_cannot_be_resolved_is_tried_again(
    subscribe: Subscribe, receiver: Receiver, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_more: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    subscribe(url=f"http://hooks.example:{receiver.port}/in")
    monkeypatch.setattr(socket, "getaddrinfo", fail)
    report(make())
    work(broker)
    assert WebhookDelivery.objects.get().error == "the host's name could not be resolved"


def test_a_receiver_without_an_answer_is_tried_again(
    subscribe: Subscribe, receiver: Receiver, broker: FakeBroker, use: Callable[..., None]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    use(**{**ALLOWED, "PORTS": [port]})
    endpoint = subscribe(url=f"http://127.0.0.1:{port}/in")
    report(make())
    work(broker)
    delivery = WebhookDelivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.answer) == ("pending", 1, None)
    assert delivery.error == "no answer from 127.0.0.1: NewConnectionError"
    endpoint.refresh_from_db()
    assert endpoint.failures == 1


def test_a_receiver_that_is_away_rests_and_its_other_events_burn_no_tries(
    subscribe: Subscribe, receiver: Receiver, broker: FakeBroker
) -> None:
    endpoint = subscribe()
    receiver.answer(503)
    for _ in range(3):
        report(make())
    work(broker)
    assert len(receiver.posts) == 1
    endpoint.refresh_from_db()
    assert endpoint.failures == 1
    assert sorted(WebhookDelivery.objects.values_list("attempts", flat=True)) == [0, 0, 1]
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        for _sweep in range(2):
            maintenance.sweep()
            work(broker)
    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {"delivered"}
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.rests_until) == (0, None)


def test_no_task_without_the_setting(
    subscribe: Subscribe, settings: Settings, receiver: Receiver, broker: FakeBroker
) -> None:
    subscribe()
    report(make())
    settings.IHUYI = {name: value for name, value in settings.IHUYI.items() if name != "WEBHOOKS"}
    work(broker)
    assert dispatch.enqueue([1]) == 0
    assert receiver.posts == []


def test_events_go_through_a_queue_of_their_own(
    subscribe: Subscribe, use: Callable[..., None], receiver: Receiver, broker: FakeBroker
) -> None:
    subscribe()
    use(**ALLOWED, PORTS=[receiver.port], QUEUE="campaigns")
    report(make())
    assert [(one.task, one.queue) for one in broker.take()] == [("django_ihuyi.tasks.deliver_webhook", "campaigns")]


@pytest.mark.parametrize("status", ["delivered", "dead"])
def test_a_replay_has_all_its_tries_and_the_same_id(
    status: str, subscribe: Subscribe, receiver: Receiver, broker: FakeBroker
) -> None:
    subscribe()
    report(make())
    broker.take()
    WebhookDelivery.objects.update(status=status, attempts=12, ended_at=timezone.now())
    delivery = WebhookDelivery.objects.get()
    assert delivery.replay(now=timezone.now())
    assert not WebhookDelivery.objects.get().replay(now=timezone.now())
    deliver_webhook(delivery.pk)
    after = WebhookDelivery.objects.get()
    assert (after.status, after.attempts, after.event_id) == ("delivered", 1, delivery.event_id)
    assert len(receiver.posts) == 1
