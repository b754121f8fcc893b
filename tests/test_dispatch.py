"""The broker down, slow, hanging: the caller goes on and the message goes out later."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from celery import Celery
from celery.exceptions import NotRegistered
from django.utils import timezone

from django_ihuyi import maintenance, send_bulk, send_sms
from django_ihuyi.dispatch import Dispatcher, get_dispatcher
from django_ihuyi.models import Message
from tests.celery import app
from tests.dispatchers import own_dispatcher
from tests.docs.markdown_reader import ROOT
from tests.fakes import FakeBroker, FakeGateway
from tests.log_records import package_records

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def dispatcher() -> Iterator[Dispatcher]:
    """Each test has a dispatcher of its own, of whose broker nothing bad is known."""
    with own_dispatcher() as dispatcher:
        yield dispatcher


@pytest.fixture
def use_broker(dispatcher: Dispatcher) -> Iterator[Celery]:
    """The Celery application, to be pointed at another broker; pointed back at the end."""
    # What another test has left in memory is nobody's here.
    FakeBroker().take()
    yield app
    point(app, "memory://")


def point(app: Celery, url: str) -> None:
    # A publish that nobody waits for any more goes on, and would make the pools of the former broker anew.
    assert get_dispatcher().close(30)
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
    told = [record for record in caplog.records if record.name == "django_ihuyi.dispatch"]
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


def test_a_bulk_waits_in_the_table(use_broker: Celery, wire: FakeGateway) -> None:
    point(use_broker, f"redis://127.0.0.1:{free_port()}")
    result = send_bulk([(f"1390000{number:04}", "您好") for number in range(30)], batch_size=10)
    assert result.recorded == Message.objects.filter(publish_at__lte=timezone.now()).count() == 30
    point(use_broker, "memory://")
    with own_dispatcher(broker_timeout=30):
        assert maintenance.sweep()["published"] == 30
    (task,) = FakeBroker().take()
    assert len(task.pks) == 30


def test_broker_hangs(use_broker: Celery, hanging_port: int, caplog: pytest.LogCaptureFixture) -> None:
    point(use_broker, f"amqp://guest:guest@127.0.0.1:{hanging_port}//")
    began = time.monotonic()
    messages = [send_sms("13800138000", "您好") for _ in range(5)]
    assert time.monotonic() - began < 2
    assert Message.objects.filter(publish_at__lte=timezone.now()).count() == len(messages)
    told = [record for record in caplog.records if record.name == "django_ihuyi.dispatch"]
    assert len(told) == 1


def test_goes_out_when_the_broker_is_back(
    use_broker: Celery, broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    with own_dispatcher(broker_timeout=30, broker_cooldown=0):
        point(use_broker, f"amqp://guest:guest@127.0.0.1:{free_port()}//")
        message = send_sms("13800138000", "您好")
        assert maintenance.sweep()["published"] == 0
        message.refresh_from_db()
        assert message.publish_at <= timezone.now()
        point(use_broker, "memory://")
        assert maintenance.sweep()["published"] == 1
    assert broker.take_pks() == [message.pk]
    assert "takes tasks again" in caplog.text


def test_a_job_that_waited_too_long_is_not_published_behind_the_callers_back() -> None:
    release = threading.Event()
    ran: list[int] = []
    with own_dispatcher(broker_timeout=0.1, broker_cooldown=0) as dispatcher:
        assert not dispatcher.run(lambda: ran.append(0) if release.wait(20) else None)
        assert not dispatcher.run(lambda: ran.append(1))
        release.set()
    assert ran == [0]


def test_broker__failed_a_moment_ago__is_left_alone_until_the_cooldown_is_over() -> None:
    with own_dispatcher(broker_timeout=30, broker_cooldown=0.2) as dispatcher:
        assert not dispatcher.run(lambda: 1 / 0)
        assert not dispatcher.run(lambda: pytest.fail("It is not left alone."))
        time.sleep(0.25)
        assert dispatcher.run(lambda: None)


def test_dispatchers__of_one_process__know_nothing_of_each_other() -> None:
    with own_dispatcher(broker_timeout=30) as first, own_dispatcher(broker_timeout=30) as second:
        assert not first.run(lambda: 1 / 0)
        assert get_dispatcher() is second
        assert second.run(lambda: None)
        assert not first.run(lambda: None)


def test_close__publisher_ended__starts_another_with_the_next_task(dispatcher: Dispatcher) -> None:
    threads: list[threading.Thread] = []
    for _ in range(2):
        assert dispatcher.run(lambda: threads.append(threading.current_thread()))
        assert dispatcher.close(30)
    assert dispatcher.close(30)  # there is none
    assert [thread.is_alive() for thread in threads] == [False, False]
    assert threads[0] is not threads[1]


def test_send__of_a_name_that_is_no_task__is_an_error_of_the_caller(dispatcher: Dispatcher) -> None:
    with pytest.raises(NotRegistered):
        dispatcher.send("django_ihuyi.tasks.no_such_task", 1)


@pytest.mark.parametrize(
    ("send", "ignored", "again"),
    [
        (lambda dispatcher: dispatcher.send("django_ihuyi.tasks.purge"), True, False),
        (lambda dispatcher: dispatcher.send("django_ihuyi.tasks.purge", ignore_result=False), False, False),
        (lambda dispatcher: dispatcher.enqueue_heartbeat(1, None), True, False),
        (lambda dispatcher: dispatcher.enqueue_batch([1], "notification"), True, True),
    ],
    ids=["by name", "with an option", "heartbeat", "messages"],
)
def test_send__of_any_task__ignores_its_result(
    send: Callable[[Dispatcher], bool], ignored: bool, again: bool, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(app, "send_task", lambda *_args, **options: sent.append(options))
    assert send(get_dispatcher())
    assert [(one["ignore_result"], one["retry"]) for one in sent] == [(ignored, again)]


def test_eager_tasks_run_in_the_callers_thread(wire: FakeGateway, eager: None) -> None:
    message = send_sms("13800138000", "您好")
    message.refresh_from_db()
    assert message.status == "accepted"
    assert len(wire.accepted) == 1


def test_eager_tasks_leave_what_is_for_later_to_the_sweep(
    wire: FakeGateway, eager: None, caplog: pytest.LogCaptureFixture
) -> None:
    wire.answer(requests.exceptions.ConnectTimeout())
    message = send_sms("13800138000", "您好")
    message.refresh_from_db()
    assert (message.status, message.attempts) == ("queued", 1)
    assert message.due_at > timezone.now()
    assert message.publish_at - message.due_at < timedelta(seconds=1)
    assert package_records(caplog, logging.ERROR) == []
    with time_machine.travel(message.due_at + timedelta(seconds=1), tick=False):
        assert maintenance.sweep()["published"] == 1
    message.refresh_from_db()
    assert message.status == "accepted"


def test_a_forked_child_publishes_with_a_thread_of_its_own(dispatcher: Dispatcher) -> None:
    assert dispatcher.run(lambda: None)
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:  # the child
        done = dispatcher.run(lambda: None)
        os.write(writer, b"published" if done else b"nothing")
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(reader, 20) == b"published"
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize(("publishes", "wait"), [(0, 60), (1, 120), (2, 240), (5, 1920), (6, 3600), (100, 3600)])
def test_sweep_waits_twice_as_long_each_time(publishes: int, wait: int) -> None:
    now = timezone.now()
    assert Dispatcher().next_enqueue_at(now, publishes) - now == timedelta(seconds=wait)


@pytest.mark.parametrize(("mode", "status"), [("eager", "accepted"), ("published", "queued")])
def test_send_sms__in_a_fresh_process_with_a_backend_for_results__connects_nowhere(mode: str, status: str) -> None:
    pytest.importorskip("redis", reason="the driver of the backend for results is not installed")
    done = subprocess.run(
        [sys.executable, "-c", f"from tests import fresh_site; fresh_site.main({mode!r})"],
        check=False,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["status"], found["connects"]) == (status, []), done.stderr
    assert {"django_ihuyi.tasks.submit_message", "django_ihuyi.tasks.deliver_webhook"} <= set(found["tasks"])
