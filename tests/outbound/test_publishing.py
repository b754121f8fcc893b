"""The broker down, slow, hanging: the caller goes on and the message goes out later."""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
import time_machine
from celery import Celery
from django.utils import timezone

from django_ihuyi import send_bulk, send_sms, upkeep
from django_ihuyi.models import Message
from django_ihuyi.outbound import publishing
from tests.celery import app
from tests.records import ours
from tests.wire import FakeBroker, FakeWire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh_publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test has a publisher of its own, and begins and ends with a broker of which nothing bad is known."""
    monkeypatch.setattr(publishing, "_publishers", {})
    publishing._broker_answered()
    yield
    publishing._broker_answered()


@pytest.fixture
def use_broker() -> Iterator[Celery]:
    """The Celery application, to be pointed at another broker; pointed back at the end."""
    # What another test has left in memory is nobody's here.
    FakeBroker().take()
    yield app
    point(app, "memory://")
    # What hung fails by now; it must not be heard of in another test.
    last = publishing._Job(lambda: None)
    publishing._publisher()._jobs.put(last)
    assert last.done.wait(30)


def point(app: Celery, url: str) -> None:
    # Celery keeps its pools; without them the next publish asks the settings again.
    vars(app)["_pool"] = None
    vars(app.amqp)["_producer_pool"] = None
    app.conf.update(broker_url=url, broker_write_url=url)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def hanging_port() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_broker_down(use_broker: Celery, caplog: pytest.LogCaptureFixture) -> None:
    point(use_broker, f"amqp://guest:guest@127.0.0.1:{free_port()}//")
    began = time.monotonic()
    first = send_sms("13800138000", "您好")
    second = send_sms("13800138000", "您好")
    assert time.monotonic() - began < 2
    told = [record for record in caplog.records if record.name == "django_ihuyi.outbound.publishing"]
    assert [record.levelname for record in told] == ["ERROR"]
    for message in (first, second):
        message.refresh_from_db()
        assert message.status == "queued"
        assert message.publish_at <= timezone.now()


def test_a_missing_driver_is_not_called_a_broker_that_is_away(
    use_broker: Celery, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    point(use_broker, f"redis://127.0.0.1:{free_port()}")
    send_sms("13800138000", "您好")
    assert '(its driver is not installed: python -m pip install "celery[redis]")' in caplog.text


def test_a_bulk_waits_in_the_table(use_broker: Celery, wire: FakeWire) -> None:
    point(use_broker, f"redis://127.0.0.1:{free_port()}")
    result = send_bulk([(f"1390000{number:04}", "您好") for number in range(30)], batch_size=10)
    assert result.recorded == Message.objects.filter(publish_at__lte=timezone.now()).count() == 30
    point(use_broker, "memory://")
    publishing._broker_answered()
    assert upkeep.sweep()["published"] == 30
    (task,) = FakeBroker().take()
    assert len(task.pks) == 30


def test_broker_hangs(use_broker: Celery, hanging_port: int, caplog: pytest.LogCaptureFixture) -> None:
    point(use_broker, f"amqp://guest:guest@127.0.0.1:{hanging_port}//")
    began = time.monotonic()
    messages = [send_sms("13800138000", "您好") for _ in range(5)]
    assert time.monotonic() - began < 2
    assert Message.objects.filter(publish_at__lte=timezone.now()).count() == len(messages)
    told = [record for record in caplog.records if record.name == "django_ihuyi.outbound.publishing"]
    assert len(told) == 1


def test_goes_out_when_the_broker_is_back(
    use_broker: Celery, broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    point(use_broker, f"amqp://guest:guest@127.0.0.1:{free_port()}//")
    message = send_sms("13800138000", "您好")
    assert upkeep.sweep()["published"] == 0
    message.refresh_from_db()
    assert message.publish_at <= timezone.now()
    point(use_broker, "memory://")
    publishing._broker.left_alone_until = 0.0
    assert upkeep.sweep()["published"] == 1
    assert broker.take_pks() == [message.pk]
    assert "takes tasks again" in caplog.text


def test_a_job_that_waited_too_long_is_not_published_behind_the_callers_back() -> None:
    publisher = publishing._Publisher()
    release = threading.Event()
    ran: list[int] = []
    hanging = publishing._Job(lambda: ran.append(0) if release.wait(5) else None)
    waiting = publishing._Job(lambda: ran.append(1))
    publisher._jobs.put(hanging)
    publisher._jobs.put(waiting)
    waiting.abandoned = True
    release.set()
    assert waiting.done.wait(5)
    assert ran == [0]
    assert not waiting.published


def test_eager_tasks_run_in_the_callers_thread(wire: FakeWire, eager: None) -> None:
    message = send_sms("13800138000", "您好")
    message.refresh_from_db()
    assert message.status == "accepted"
    assert len(wire.accepted) == 1


def test_eager_tasks_leave_what_is_for_later_to_the_sweep(
    wire: FakeWire, eager: None, caplog: pytest.LogCaptureFixture
) -> None:
    wire.answer(requests.exceptions.ConnectTimeout())
    message = send_sms("13800138000", "您好")
    message.refresh_from_db()
    assert (message.status, message.attempts) == ("queued", 1)
    assert message.due_at > timezone.now()
    assert message.publish_at - message.due_at < timedelta(seconds=1)
    assert ours(caplog, logging.ERROR) == []
    with time_machine.travel(message.due_at + timedelta(seconds=1), tick=False):
        assert upkeep.sweep()["published"] == 1
    message.refresh_from_db()
    assert message.status == "accepted"


def test_a_forked_child_publishes_with_a_thread_of_its_own() -> None:
    publishing._publisher()
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:  # the child
        done = publishing._publisher().run(lambda: None)
        os.write(writer, b"published" if done else b"nothing")
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(reader, 20) == b"published"
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize(("publishes", "wait"), [(0, 60), (1, 120), (2, 240), (5, 1920), (6, 3600), (100, 3600)])
def test_upkeep_waits_twice_as_long_each_time(publishes: int, wait: int) -> None:
    now = timezone.now()
    assert publishing.publish_again_at(now, publishes) - now == timedelta(seconds=wait)
