"""What the sweep posts: what waited for its endpoint, what a worker left in hand, and a mountain, piece by piece."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from django_ihuyi import maintenance
from django_ihuyi.webhooks import worker
from django_ihuyi.webhooks.models import WebhookDelivery
from django_ihuyi.webhooks.tasks import deliver_webhook
from tests.fakes import FakeBroker

from .conftest import Subscribe
from .helpers import make, report, work
from .receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


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
        assert maintenance.sweep()["webhooks"] == 0
        assert endpoint.switch_on()
        assert maintenance.sweep()["webhooks"] == 1
        work(broker)
    assert len(receiver.posts) == 1


def test_what_a_worker_left_in_hand_is_posted_again(
    subscribe: Subscribe, receiver: Receiver, broker: FakeBroker
) -> None:
    subscribe()
    report(make())
    broker.take()
    delivery = WebhookDelivery.objects.get()
    assert delivery.claim(now=timezone.now(), lease=timedelta(minutes=1))
    deliver_webhook(delivery.pk)
    assert maintenance.sweep()["webhooks"] == 0
    assert receiver.posts == []
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        assert maintenance.sweep()["webhooks"] == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        assert maintenance.sweep()["webhooks"] == 1
        work(broker)
    assert len(receiver.posts) == 1
    # The worker that was thought dead settles too late: the row is another try's.
    assert not delivery.requeue(answer=500, error="", due_at=timezone.now())


def test_two_sweeps_publish_once_and_with_growing_pauses(subscribe: Subscribe, broker: FakeBroker) -> None:
    subscribe()
    report(make())
    broker.take()
    stale, start, minutes = WebhookDelivery.objects.get(), timezone.now(), []
    for minute in range(130):
        with time_machine.travel(start + timedelta(minutes=minute, seconds=1)):
            if worker.sweep(timezone.now(), most=500)[0]:
                minutes.append(minute)
                assert not stale.reserve_enqueue(now=timezone.now())
    assert minutes == [1, 3, 7, 15, 31, 63, 123]


def test_of_a_mountain_the_sweep_goes_on_while_the_broker_takes_it(subscribe: Subscribe, broker: FakeBroker) -> None:
    subscribe()
    for _ in range(3):
        report(make())
    later = timezone.now() + timedelta(minutes=2)
    assert worker.sweep(later, most=2) == (2, True)
    assert worker.sweep(later, most=2) == (1, False)
