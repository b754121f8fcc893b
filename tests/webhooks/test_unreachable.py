"""An endpoint that takes nothing: what it costs meanwhile, that everything goes out when it is back, and its end.

From outside: messages change, sweeps and workers run, a receiver answers or not. How the events are kept and tried in
between is not looked at.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import DataError, connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.isolation import RowsFailedError
from django_ihuyi.monitoring import health
from django_ihuyi.privacy import retention
from django_ihuyi.webhooks import worker
from django_ihuyi.webhooks.models import WebhookDelivery
from django_ihuyi.webhooks.tasks import deliver_webhook
from tests.concurrency import run_concurrently
from tests.fakes import FakeBroker
from tests.log_records import events
from tests.state_machine import START

from .conftest import Subscribe
from .helpers import make, report
from .receiver import ALLOWED, NO_ANSWER, Receiver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.by_database]

ALWAYS = 20_000
EVENTS = 100


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as clock:
        yield clock


class Site:
    """Sweeps and workers, and how many tasks they had."""

    def __init__(self, clock: Any, broker: FakeBroker) -> None:
        self.clock = clock
        self.broker = broker
        self.tasks = 0

    def work(self) -> None:
        """Run the tasks that there are."""
        while tasks := self.broker.take():
            self.tasks += len(tasks)
            for task in tasks:
                task.run()

    def run(self, *, steps: int, each: timedelta) -> None:
        """Let time pass, with a sweep and all its tasks after each step."""
        for _step in range(steps):
            self.clock.shift(each)
            # A step of the sweep: all of them would take minutes.
            worker.sweep(timezone.now(), most=500)
            self.work()


@pytest.fixture
def site(clock: Any, broker: FakeBroker) -> Site:
    return Site(clock, broker)


def happen(count: int = EVENTS) -> None:
    """So many messages are delivered."""
    for _message in range(count):
        report(make())


def by_status() -> Counter[str]:
    return Counter(WebhookDelivery.objects.values_list("status", flat=True))


def taken(receiver: Receiver) -> Counter[str]:
    """How often each event was taken."""
    return Counter(post.headers["webhook-id"] for post in receiver.posts if post.status == 204)


@pytest.mark.parametrize("answer", [NO_ANSWER, 429, 500, 503])
def test_endpoint_away_for_two_hours__is_tried_with_one_event_at_a_time__and_then_gets_all(
    answer: int, site: Site, subscribe: Subscribe, receiver: Receiver
) -> None:
    subscribe()
    receiver.answer(*[answer] * ALWAYS)
    happen()
    site.work()
    assert len(receiver.posts) == 1
    site.run(steps=120, each=timedelta(minutes=1))
    # After 5 seconds, doubling up to 5 minutes.
    assert 20 <= len(receiver.posts) <= 32
    assert site.tasks <= EVENTS + len(receiver.posts)
    assert by_status() == {"pending": EVENTS}
    receiver.forget()
    site.run(steps=15, each=timedelta(minutes=1))
    assert by_status() == {"delivered": EVENTS}
    assert set(taken(receiver).values()) == {1}
    assert len(taken(receiver)) == EVENTS


def test_events_that_happen_meanwhile__cost_one_task_each(site: Site, subscribe: Subscribe, receiver: Receiver) -> None:
    subscribe()
    receiver.answer(*[503] * ALWAYS)
    for _minute in range(60):
        happen(2)
        site.work()
        site.run(steps=1, each=timedelta(minutes=1))
    assert len(receiver.posts) <= 20
    assert site.tasks <= 120 + len(receiver.posts)


def test_endpoint_away__holds_up_no_other(site: Site, subscribe: Subscribe, receiver: Receiver) -> None:
    away, there = subscribe(url=f"http://127.0.0.1:{receiver.port}/away"), subscribe()
    receiver.refuse("/away", 503)
    happen(20)
    site.work()
    assert len(taken(receiver)) == 20
    happen(20)
    site.broker.take()  # and their tasks are lost
    site.run(steps=5, each=timedelta(minutes=1))
    assert WebhookDelivery.objects.filter(endpoint=there, status="delivered").count() == 40
    assert WebhookDelivery.objects.filter(endpoint=away, status="pending").count() == 40


def test_endpoint_away_for_three_days__is_switched_off_with_a_notice__and_all_ends(
    site: Site, subscribe: Subscribe, receiver: Receiver, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint = subscribe(name="shop")
    receiver.answer(*[503] * ALWAYS)
    happen(40)
    site.run(steps=71, each=timedelta(hours=1))
    endpoint.refresh_from_db()
    assert endpoint.active
    site.run(steps=3, each=timedelta(hours=1))
    endpoint.refresh_from_db()
    assert (endpoint.active, endpoint.disabled_reason) == (False, "The receiver took no event for three days.")
    assert by_status() == {"dead": 40}
    assert events(caplog, logging.ERROR).count("webhook.unreachable") == 1
    [finding] = [one for one in health.run_health_checks(only=["webhooks"]) if one.subject == "shop"]
    assert (finding.level.name, "took no event for three days" in finding.text) == ("WARNING", True)
    client = Client()
    client.force_login(
        get_user_model().objects.create_superuser("boss"), backend="django.contrib.auth.backends.ModelBackend"
    )
    page = client.get(f"/admin/ihuyi_webhooks/webhookendpoint/{endpoint.pk}/change/").content.decode()
    assert "The receiver took no event for three days." in page
    posts, tasks = len(receiver.posts), site.tasks
    happen(5)
    site.run(steps=5, each=timedelta(hours=1))
    assert (len(receiver.posts), site.tasks, by_status()) == (posts, tasks, {"dead": 40})
    settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": {**settings.IHUYI["WEBHOOKS"], "RETENTION_DAYS": 1}}
    # Of rows of the very same moment a run may leave some to the next.
    while retention.purge(timezone.now())["webhooks"]:
        pass
    assert not WebhookDelivery.objects.exists()


def test_endpoint_switched_off_for_silence__when_it_is_switched_on__gets_what_is_younger(
    site: Site, subscribe: Subscribe, receiver: Receiver
) -> None:
    endpoint = subscribe()
    receiver.answer(*[NO_ANSWER] * ALWAYS)
    happen(3)
    site.run(steps=60, each=timedelta(hours=1))
    happen(2)
    site.run(steps=14, each=timedelta(hours=1))
    endpoint.refresh_from_db()
    assert not endpoint.active
    receiver.forget()
    assert endpoint.switch_on()
    site.run(steps=12, each=timedelta(hours=1))
    assert by_status() == {"dead": 3, "delivered": 2}
    # It counts anew from there.
    receiver.answer(*[NO_ANSWER] * ALWAYS)
    happen(1)
    site.run(steps=70, each=timedelta(hours=1))
    endpoint.refresh_from_db()
    assert endpoint.active


@pytest.mark.parametrize("answer", [302, 400, 404])
def test_endpoint_that_refuses_events__is_not_away(
    answer: int, site: Site, subscribe: Subscribe, receiver: Receiver
) -> None:
    endpoint = subscribe()
    receiver.answer(503, *[answer] * ALWAYS)
    happen(5)
    site.run(steps=80, each=timedelta(hours=1))
    endpoint.refresh_from_db()
    assert (endpoint.active, by_status()) == (True, {"dead": 5})


def test_event_for_an_endpoint_that_staff_switched_off__is_given_up_after_three_days(
    site: Site, subscribe: Subscribe, receiver: Receiver
) -> None:
    endpoint = subscribe()
    happen(2)
    site.broker.take()
    endpoint.switch_off(reason="", now=timezone.now())
    site.run(steps=71, each=timedelta(hours=1))
    assert by_status() == {"pending": 2}
    site.run(steps=2, each=timedelta(hours=1))
    assert by_status() == {"dead": 2}
    assert receiver.posts == []


def test_event_posted_again_by_staff__has_three_days_anew(
    site: Site, subscribe: Subscribe, use: Callable[..., None], receiver: Receiver
) -> None:
    endpoint = subscribe()
    use(**{**ALLOWED, "PORTS": [receiver.port], "MAX_ATTEMPTS": 1000})
    receiver.answer(*[503] * ALWAYS)
    happen(1)
    site.run(steps=74, each=timedelta(hours=1))
    endpoint.refresh_from_db()
    assert endpoint.switch_on()
    assert WebhookDelivery.objects.get().replay(now=timezone.now())
    site.run(steps=60, each=timedelta(hours=1))
    assert by_status() == {"pending": 1}
    receiver.forget()
    site.run(steps=11, each=timedelta(hours=1))
    assert by_status() == {"delivered": 1}


def test_ping_by_staff__of_an_endpoint_that_is_away__is_posted_at_once_and_lets_the_others_go(
    site: Site, subscribe: Subscribe, receiver: Receiver
) -> None:
    endpoint = subscribe()
    receiver.answer(*[503] * 12)
    happen(10)
    site.run(steps=10, each=timedelta(minutes=1))
    receiver.forget()
    deliver_webhook(WebhookDelivery.objects.ping(endpoint).pk)
    assert [post.event["type"] for post in receiver.posts] == ["ping"]
    site.run(steps=1, each=timedelta(minutes=4))
    site.run(steps=10, each=timedelta(minutes=1))
    assert by_status() == {"delivered": 11}


def test_many_workers__with_events_for_an_endpoint_that_is_away__try_it_once(
    subscribe: Subscribe, receiver: Receiver, broker: FakeBroker
) -> None:
    endpoint = subscribe()
    receiver.answer(*[503] * ALWAYS)
    happen(8)
    first, *others = broker.take()
    first.run()
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        run_concurrently(*(other.run for other in others))
    assert len(receiver.posts) == 2
    endpoint.refresh_from_db()
    assert endpoint.failures == 2


def test_sweeps_at_once__give_up_and_switch_off_once(
    site: Site, subscribe: Subscribe, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    subscribe()
    receiver.answer(*[503] * ALWAYS)
    happen(5)
    site.run(steps=1, each=timedelta(minutes=1))
    site.clock.shift(timedelta(days=3))
    run_concurrently(*[lambda: worker.sweep(timezone.now(), most=500)] * 4)
    assert Counter(events(caplog, logging.ERROR)) == {"webhook.dead": 5, "webhook.unreachable": 1}


def test_row_that_cannot_be_given_up__stops_no_other(site: Site, subscribe: Subscribe) -> None:
    endpoint = subscribe()
    happen(3)
    site.broker.take()
    endpoint.switch_off(reason="", now=timezone.now())
    site.clock.shift(timedelta(days=4))
    bad = WebhookDelivery.objects.order_by("pk")[0].pk

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and "dead" in params and bad in params:
            raise DataError("of 13800138000")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        with pytest.raises(RowsFailedError):
            worker.sweep(timezone.now(), most=500)
        # It is not the first to be read the next time.
        assert worker.sweep(timezone.now(), most=500) == (0, False)
    assert by_status() == {"dead": 2, "pending": 1}
    site.run(steps=1, each=timedelta(minutes=10))
    assert by_status() == {"dead": 3}
