"""What ``ihuyi_check`` says of the broker and of workers: away, not needed, without its driver, or not the site's."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest
from celery import _state
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.models import Heartbeat
from tests.celery import app
from tests.monitoring.helpers import due, run

pytestmark = pytest.mark.django_db

ADDRESS = "redis://:a-secret@127.0.0.1:1/0"


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """A site without a broker."""
    monkeypatch.setitem(app.conf, "task_always_eager", True)


def broker(*more: str) -> tuple[int, str]:
    return run("--only", "broker", "--timeout", "0.3", *more)


@pytest.mark.parametrize("hangs", [False, True], ids=["refuses", "hangs"])
def test_the_broker(hangs: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    from kombu import Connection

    ended = threading.Event()

    def connect(*_args: object, **_options: object) -> None:
        if hangs:
            ended.wait(10)
        raise OSError

    monkeypatch.setattr(Connection, "ensure_connection", connect)
    status, text = run("--only", "broker", "--timeout", "0.3")
    ended.set()
    assert status == 2
    assert ("time-out" if hangs else "OSError") in text


def test_one_that_is_away_is_called_by_its_address_and_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("redis", reason="the driver of Redis, of the extra `services`, is not installed")
    monkeypatch.setenv("CELERY_BROKER_WRITE_URL", ADDRESS)
    status, text = broker()
    assert status == 2
    assert "the broker redis://127.0.0.1:1 does not answer (" in text
    assert "Start it, and check CELERY_BROKER_URL." in text
    assert "a-secret" not in text


def test_a_driver_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_WRITE_URL", ADDRESS)
    monkeypatch.setitem(sys.modules, "redis", None)
    status, text = broker()
    assert status == 2
    assert 'the Python package redis, is not installed. Run python -m pip install "celery[redis]" and' in text


def test_an_application_that_nobody_imported(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = True
    monkeypatch.setattr(_state, "default_app", None)
    status, text = broker()
    assert status == 2
    assert "CELERY_TASK_ALWAYS_EAGER" in text
    assert "not imported. Write in tests/__init__.py" in text
    settings.SILENCED_SYSTEM_CHECKS = ["django_ihuyi.W004"]
    assert "not imported" not in broker()[1]


@pytest.mark.usefixtures("eager")
def test_none_is_needed() -> None:
    # Asked while there was a broker, and never answered.
    Heartbeat.objects.create(name="queue:", asked_at=timezone.now() - timedelta(hours=1))
    status, text = run("--only", "broker", "--only", "queues")
    assert status == 0, text
    assert [line.split()[:2] for line in text.splitlines()] == [["OK", "broker"], ["OK", "queues"]]
    assert "CELERY_TASK_ALWAYS_EAGER" in text
    assert "no worker is needed" in text


@pytest.mark.usefixtures("eager")
def test_without_workers_the_sweep_is_what_is_missing() -> None:
    due(1000)()
    status, text = run("--only", "sweep", "--only", "waiting")
    assert status == 2
    assert "Start ihuyi_sweep --loop." in text
    assert "Look at the check of sweep, which submits them." in text
    assert "worker" not in text
