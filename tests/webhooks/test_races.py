"""Workers, sweeps and late answers at the same delivery at the same moment: each thing is done once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from django_ihuyi.webhooks import worker
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint
from django_ihuyi.webhooks.models.delivery import new_event_id
from django_ihuyi.webhooks.tasks import deliver_webhook
from tests.concurrency import run_concurrently
from tests.fakes import FakeBroker
from tests.log_records import events

from .conftest import Subscribe
from .receiver import ALLOWED, Receiver

pytestmark = pytest.mark.django_db(transaction=True)


def pending(endpoint: WebhookEndpoint) -> WebhookDelivery:
    return WebhookDelivery.objects.create(endpoint=endpoint, event_id=new_event_id(), event="ping")


@contextmanager
def in_hand(receiver: Receiver, *deliveries: WebhookDelivery) -> Iterator[None]:
    """Workers have posted these, and the receiver answers when the block is over."""

    def work(pk: int) -> None:
        try:
            deliver_webhook(pk)
        finally:
            connection.close()

    receiver.may_answer.clear()
    workers = [threading.Thread(target=work, args=[delivery.pk]) for delivery in deliveries]
    for thread in workers:
        thread.start()
    assert receiver.wait_for_posts(len(workers))
    try:
        yield
    finally:
        receiver.may_answer.set()
        for thread in workers:
            thread.join(60)


def test_of_workers_with_the_same_task_one_posts(subscribe: Subscribe, receiver: Receiver) -> None:
    delivery = pending(subscribe())
    run_concurrently(*[partial(deliver_webhook, delivery.pk)] * 4)
    assert len(receiver.posts) == 1
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("delivered", 1)


def test_sweeps_at_once_publish_each_delivery_once(subscribe: Subscribe, broker: FakeBroker) -> None:
    endpoint = subscribe()
    rows = [pending(endpoint) for _ in range(5)]
    later = timezone.now() + timedelta(minutes=2)
    run_concurrently(*[partial(worker.sweep, later, most=10)] * 3)
    assert sorted(broker.take_pks()) == [row.pk for row in rows]


def test_two_that_are_told_gone_switch_off_once(
    subscribe: Subscribe, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint = subscribe()
    receiver.answer(410, 410)
    with in_hand(receiver, pending(endpoint), pending(endpoint)):
        pass
    assert sorted(events(caplog)) == ["webhook.dead", "webhook.dead", "webhook.gone"]


@pytest.mark.parametrize(
    ("status", "tries", "after", "told"),
    [
        (500, 12, "pending", ["webhook.failed"]),
        (500, 1, "dead", ["webhook.dead"]),
        (204, 12, "delivered", ["webhook.failed", "webhook.delivered"]),
        (204, 1, "delivered", ["webhook.dead", "webhook.delivered"]),
    ],
    ids=["refused, put back", "refused, dead", "taken, put back", "taken, dead"],
)
def test_an_answer_after_the_claim_ran_out_counts_if_it_is_good_news(
    status: int,
    tries: int,
    after: str,
    told: list[str],
    subscribe: Subscribe,
    use: Callable[..., None],
    receiver: Receiver,
    broker: FakeBroker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    delivery = pending(subscribe())
    use(**ALLOWED, PORTS=[receiver.port], MAX_ATTEMPTS=tries)
    receiver.answer(status)
    caplog.set_level(logging.INFO)
    with in_hand(receiver, delivery):
        worker.sweep(timezone.now() + timedelta(hours=1), most=10)
    delivery.refresh_from_db()
    assert delivery.status == after
    assert events(caplog) == told


def test_good_news_comes_once(subscribe: Subscribe, receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    delivery = pending(subscribe())
    caplog.set_level(logging.INFO)
    with in_hand(receiver, delivery):
        WebhookDelivery.objects.update(status="delivered", claimed_until=None, ended_at=timezone.now())
    assert events(caplog) == []
