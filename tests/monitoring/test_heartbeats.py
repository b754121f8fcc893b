"""Signs of life: who sweeps, who serves which queue, and how long it takes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import modify_settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from django_ihuyi import send_sms
from django_ihuyi.dispatch import use_dispatcher
from django_ihuyi.models import Heartbeat, Message
from django_ihuyi.monitoring import heartbeats
from django_ihuyi.tasks import submit_batch, submit_message, sweep
from tests.broken_tables import unreadable
from tests.celery import app
from tests.concurrency import run_concurrently
from tests.dispatchers import AwayDispatcher
from tests.fakes import FakeBroker, FakeGateway
from tests.log_records import events
from tests.worker.helpers import as_a_worker

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_queue_is_asked_once_a_minute(broker: FakeBroker, settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "QUEUES": {"verification": "codes", "marketing": "campaigns"}}
    start = timezone.now()
    asked = []
    with time_machine.travel(start, tick=False) as clock:
        for seconds in (0, 10, 59, 61):
            clock.move_to(start + timedelta(seconds=seconds))
            heartbeats.after_sweep()
            for task in broker.take():
                asked.append((seconds, task.queue))
                task.run()
    assert sorted(asked) == [(when, queue) for when in (0, 61) for queue in ("campaigns", "celery", "codes")]
    assert str(Heartbeat.objects.get(name="queue:codes")) == "queue:codes"


@pytest.mark.parametrize(
    ("webhooks", "names"),
    [(None, [None, "codes"]), ({}, [None, "codes"]), ({"QUEUE": "webhooks"}, [None, "codes", "webhooks"])],
    ids=["off", "default queue", "a queue of its own"],
)
def test_the_queue_of_webhooks_is_asked_too(
    webhooks: dict[str, str] | None, names: list[str | None], settings: Settings
) -> None:
    settings.IHUYI = {**settings.IHUYI, "QUEUES": {"verification": "codes"}, "WEBHOOKS": webhooks}
    assert heartbeats.queue_names() == names


def test_queue_names__without_the_app_of_webhooks__are_those_of_messages(settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "QUEUES": {"verification": "codes"}, "WEBHOOKS": {"QUEUE": "webhooks"}}
    with modify_settings(INSTALLED_APPS={"remove": ["django_ihuyi.webhooks"]}):
        assert heartbeats.queue_names() == [None, "codes"]


def test_a_queue_without_a_worker_is_asked_again_late(broker: FakeBroker) -> None:
    start = timezone.now()
    asked = []
    with time_machine.travel(start, tick=False) as clock:
        for minute in range(32):
            clock.move_to(start + timedelta(minutes=minute))
            heartbeats.after_sweep()
            asked += [minute for _task in broker.take()]
        row = Heartbeat.objects.get(name="queue:")
        assert row.outstanding
    assert asked == [0, 30]


def test_the_delay(broker: FakeBroker) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        heartbeats.after_sweep()
        clock.move_to(start + timedelta(seconds=7))
        row = Heartbeat.objects.get(name="queue:")
        assert row.delay(timezone.now()) == timedelta(seconds=7)
        broker.take()[0].run()
        clock.move_to(start + timedelta(seconds=30))
        row.refresh_from_db()
        assert row.delay(timezone.now()) == timedelta(seconds=7)
    assert Heartbeat(name="x").delay(start) == timedelta(0)


def test_a_broker_that_is_away_is_no_fault_of_the_workers(broker: FakeBroker) -> None:
    with use_dispatcher(AwayDispatcher()):
        heartbeats.after_sweep()
    assert not Heartbeat.objects.get(name="queue:").outstanding
    heartbeats.after_sweep()
    assert len(broker.take()) == 1


def test_of_two_sweeps_one_asks(broker: FakeBroker) -> None:
    Heartbeat.objects.create(name="queue:")

    def ask_first(execute: Any, sql: str, *arguments: Any) -> Any:
        if sql.startswith("UPDATE") and "asked_at" in sql and not Heartbeat.objects.exclude(asked_at=None).exists():
            with connection.cursor() as cursor:
                cursor.execute("update django_ihuyi_heartbeat set asked_at = '2026-01-01' where name = 'queue:'")
        return execute(sql, *arguments)

    with connection.execute_wrapper(ask_first):
        heartbeats.after_sweep()
    assert broker.take() == []


def test_eager_tasks_beat_at_once() -> None:
    app.conf.task_always_eager = True
    try:
        heartbeats.after_sweep()
    finally:
        app.conf.task_always_eager = False
    assert not Heartbeat.objects.get(name="queue:").outstanding


@pytest.mark.parametrize("how", [sweep, lambda: call_command("ihuyi_sweep")], ids=["task", "command"])
def test_every_sweep_is_noted(how: Any, broker: FakeBroker) -> None:
    how()
    assert Heartbeat.objects.get(name="sweep").beaten_at is not None


def test_a_sweep_is_overdue_after_a_minute(broker: FakeBroker) -> None:
    def look() -> bool:
        heartbeats.sweep_watch.forget()
        return heartbeats.sweep_watch.is_overdue()

    assert look()  # none has ever run
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        heartbeats.after_sweep()
        told = []
        for seconds in (0, 59, 61):
            clock.move_to(start + timedelta(seconds=seconds))
            told.append(look())
    assert told == [False, False, True]


def test_a_process_does_not_ask_for_each_message(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    heartbeats.sweep_watch.forget()
    with django_assert_num_queries(1):
        assert [heartbeats.sweep_watch.is_overdue() for _ in range(100)] == [True] + [False] * 99


@pytest.mark.parametrize("task", [submit_message, submit_batch])
@pytest.mark.parametrize(
    ("request_", "sweeps"),
    [({"called_directly": False}, 1), ({"called_directly": False, "is_eager": True}, 0), ({}, 0)],
    ids=["in a worker", "eagerly", "directly"],
)
def test_a_worker_sweeps_where_nobody_does(
    wire: FakeGateway,
    broker: FakeBroker,
    task: Any,
    request_: dict[str, bool],
    sweeps: int,
) -> None:
    heartbeats.sweep_watch.forget()
    message = send_sms("13800138000", "您好")
    task.push_request(**request_)
    try:
        task.run(message.pk if task is submit_message else [message.pk])
    finally:
        task.pop_request()
    message.refresh_from_db()
    assert message.status == "accepted"
    assert Heartbeat.objects.filter(name=heartbeats.SWEEP).count() == sweeps


@pytest.mark.parametrize("backlog", [1, 5, 100])
def test_sweeps__that_waited_for_a_worker__run_once(broker: FakeBroker, backlog: int) -> None:
    Message.objects.create(mobile="13800138000", content="您好", publish_at=timezone.now())
    with time_machine.travel(timezone.now(), tick=False), as_a_worker(sweep):
        counts = [sweep.run() for _ in range(backlog)]
    assert counts[0]["published"] == 1
    assert counts[1:] == [{}] * (backlog - 1)


@pytest.mark.parametrize(
    ("seconds", "sweeps"),
    [(4.9, False), (5.1, True), (10, True), (-4.9, False), (-5.1, True), (-3600, True)],
    ids="{} s later".format,
)
def test_sweep__some_time_after_another_began__runs_or_returns(
    broker: FakeBroker, seconds: float, sweeps: bool
) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock, as_a_worker(sweep):
        assert sweep.run() != {}
        # A clock that was ahead for a moment stops no sweep.
        clock.move_to(start + timedelta(seconds=seconds))
        assert (sweep.run() != {}) == sweeps


def test_sweep__called_directly__always_runs(broker: FakeBroker) -> None:
    assert sweep() != {}
    assert sweep() != {}


def test_sweep__beside_another_at_the_same_moment__is_one_of_them(broker: FakeBroker) -> None:
    heartbeats.begin_sweep()
    Heartbeat.objects.update(asked_at=timezone.now() - timedelta(minutes=1))
    assert sorted(run_concurrently(*[heartbeats.begin_sweep] * 4)) == [False, False, False, True]


def test_a_sweep_that_fails_is_no_failure_of_the_messages(
    wire: FakeGateway, broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    heartbeats.sweep_watch.forget()
    message = send_sms("13800138000", "您好")
    task: Any = submit_message
    task.push_request(called_directly=False)
    try:
        with unreadable("ihuyi_dashboard_tallyslot"):
            task.run(message.pk)
    finally:
        task.pop_request()
    assert events(caplog, logging.ERROR) == ["sweep.failed"]


@pytest.mark.parametrize("how", [sweep, lambda: call_command("ihuyi_sweep")], ids=["task", "command"])
def test_a_sweep_of_which_a_step_fails_has_run(how: Callable[[], object], broker: FakeBroker) -> None:
    with unreadable("ihuyi_dashboard_tallyslot"), pytest.raises((OperationalError, CommandError)):
        how()
    assert Heartbeat.objects.get(name="sweep").beaten_at is not None
    assert [task.task for task in broker.take()] == ["django_ihuyi.tasks.heartbeat"]
