"""Signs of life: who sweeps, who serves which queue, and how long it takes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from django_ihuyi import send_sms, upkeep
from django_ihuyi.models import Heartbeat
from django_ihuyi.outbound import publishing
from django_ihuyi.tasks import submit_batch, submit_message, sweep
from django_ihuyi.watching import beats
from tests.celery import app
from tests.records import events
from tests.wire import FakeBroker, FakeWire

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_queue_is_asked_once_a_minute(broker: FakeBroker, settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "QUEUES": {"verification": "codes", "marketing": "campaigns"}}
    start = timezone.now()
    asked = []
    with time_machine.travel(start, tick=False) as clock:
        for seconds in (0, 10, 59, 61):
            clock.move_to(start + timedelta(seconds=seconds))
            beats.after_sweep()
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
    assert beats.queue_names() == names


def test_a_queue_without_a_worker_is_asked_again_late(broker: FakeBroker) -> None:
    start = timezone.now()
    asked = []
    with time_machine.travel(start, tick=False) as clock:
        for minute in range(32):
            clock.move_to(start + timedelta(minutes=minute))
            beats.after_sweep()
            asked += [minute for _task in broker.take()]
        row = Heartbeat.objects.get(name="queue:")
        assert row.outstanding
    assert asked == [0, 30]


def test_the_delay(broker: FakeBroker) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        beats.after_sweep()
        clock.move_to(start + timedelta(seconds=7))
        row = Heartbeat.objects.get(name="queue:")
        assert row.delay(timezone.now()) == timedelta(seconds=7)
        broker.take()[0].run()
        clock.move_to(start + timedelta(seconds=30))
        row.refresh_from_db()
        assert row.delay(timezone.now()) == timedelta(seconds=7)
    assert Heartbeat(name="x").delay(start) == timedelta(0)


def test_a_broker_that_is_away_is_no_fault_of_the_workers(broker: FakeBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise OSError

    with monkeypatch.context() as away:
        away.setattr(app.tasks["django_ihuyi.tasks.beat"], "apply_async", fail)
        beats.after_sweep()
    assert not Heartbeat.objects.get(name="queue:").outstanding
    publishing._broker_answered()
    beats.after_sweep()
    assert len(broker.take()) == 1


def test_of_two_sweeps_one_asks(broker: FakeBroker) -> None:
    Heartbeat.objects.create(name="queue:")

    def ask_first(execute: Any, sql: str, *arguments: Any) -> Any:
        if sql.startswith("UPDATE") and "asked_at" in sql and not Heartbeat.objects.exclude(asked_at=None).exists():
            with connection.cursor() as cursor:
                cursor.execute("update django_ihuyi_heartbeat set asked_at = '2026-01-01' where name = 'queue:'")
        return execute(sql, *arguments)

    with connection.execute_wrapper(ask_first):
        beats.after_sweep()
    assert broker.take() == []


def test_eager_tasks_beat_at_once() -> None:
    app.conf.task_always_eager = True
    try:
        beats.after_sweep()
    finally:
        app.conf.task_always_eager = False
    assert not Heartbeat.objects.get(name="queue:").outstanding


@pytest.mark.parametrize("how", [sweep, lambda: call_command("ihuyi_sweep")], ids=["task", "command"])
def test_every_sweep_is_noted(how: Any, broker: FakeBroker) -> None:
    how()
    assert Heartbeat.objects.get(name="sweep").beaten_at is not None


def test_a_sweep_is_overdue_after_a_minute(broker: FakeBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    def look() -> bool:
        monkeypatch.setattr(beats._Look, "next_at", 0.0)
        return beats.is_sweep_overdue()

    assert look()  # none has ever run
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        beats.after_sweep()
        told = []
        for seconds in (0, 59, 61):
            clock.move_to(start + timedelta(seconds=seconds))
            told.append(look())
    assert told == [False, False, True]


def test_a_process_does_not_ask_for_each_message(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(beats._Look, "next_at", 0.0)
    with django_assert_num_queries(1):
        assert [beats.is_sweep_overdue() for _ in range(100)] == [True] + [False] * 99


@pytest.mark.parametrize("task", [submit_message, submit_batch])
@pytest.mark.parametrize(
    ("request_", "sweeps"),
    [({"called_directly": False}, 1), ({"called_directly": False, "is_eager": True}, 0), ({}, 0)],
    ids=["in a worker", "eagerly", "directly"],
)
def test_a_worker_sweeps_where_nobody_does(
    wire: FakeWire,
    broker: FakeBroker,
    monkeypatch: pytest.MonkeyPatch,
    task: Any,
    request_: dict[str, bool],
    sweeps: int,
) -> None:
    monkeypatch.setattr(beats._Look, "next_at", 0.0)
    message = send_sms("13800138000", "您好")
    task.push_request(**request_)
    try:
        task.run(message.pk if task is submit_message else [message.pk])
    finally:
        task.pop_request()
    message.refresh_from_db()
    assert message.status == "accepted"
    assert Heartbeat.objects.filter(name=beats.SWEEP).count() == sweeps


def test_a_sweep_that_fails_is_no_failure_of_the_messages(
    wire: FakeWire, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(beats._Look, "next_at", 0.0)
    monkeypatch.setattr(upkeep, "_STEPS", {"broken": lambda _now: 1 / 0})
    message = send_sms("13800138000", "您好")
    task: Any = submit_message
    task.push_request(called_directly=False)
    try:
        task.run(message.pk)
    finally:
        task.pop_request()
    assert events(caplog, logging.ERROR) == ["sweep.failed"]


@pytest.mark.parametrize("how", [sweep, lambda: call_command("ihuyi_sweep")], ids=["task", "command"])
def test_a_sweep_of_which_a_step_fails_has_run(
    how: Callable[[], object], broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_now: datetime) -> tuple[int, bool]:
        raise LookupError

    monkeypatch.setitem(upkeep._STEPS, "counted", fail)
    with pytest.raises((LookupError, CommandError)):
        how()
    assert Heartbeat.objects.get(name="sweep").beaten_at is not None
    assert [task.task for task in broker.take()] == ["django_ihuyi.tasks.beat"]
