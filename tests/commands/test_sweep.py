"""``ihuyi_sweep`` from cron and as a loop."""

from __future__ import annotations

import os
import signal
import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.models import Message

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]


@pytest.fixture
def late() -> Message:
    return Message.objects.create(
        mobile="13800138000",
        content="您好",
        expires_at=timezone.now() - timedelta(seconds=1),
        publish_at=timezone.now() + timedelta(hours=1),
    )


@pytest.mark.parametrize("options", [[], ["--once"]])
def test_once(late: Message, options: list[str]) -> None:
    out = StringIO()
    call_command("ihuyi_sweep", *options, stdout=out)
    before = "expired=1 unknown=0 published=0 probed=0 matched=0 suspected=0 forgotten=0"
    assert out.getvalue() == f"{before} webhooks=0 counted=1\n"
    late.refresh_from_db()
    assert late.status == "expired"


def test_a_failed_step_is_an_exit_status(settings: Settings) -> None:
    Message.objects.create(mobile="13800138000", content="您好", publish_at=timezone.now())
    settings.IHUYI = {**settings.IHUYI, "QUEUES": 7}
    with pytest.raises(CommandError, match="ImproperlyConfigured"):
        call_command("ihuyi_sweep", stdout=StringIO())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_loop_outlives_failures_and_ends_on_a_signal(
    late: Message, settings: Settings, number: signal.Signals
) -> None:
    out, err = StringIO(), StringIO()
    broken = Message.objects.create(mobile="13800138000", content="您好", publish_at=timezone.now())
    good = settings.IHUYI
    settings.IHUYI = {**good, "QUEUES": 7}

    def mend_and_stop() -> None:
        settings.IHUYI = good
        os.kill(os.getpid(), number)

    timer = threading.Timer(0.5, mend_and_stop)
    timer.start()
    call_command("ihuyi_sweep", "--loop", "--interval", "0.1", stdout=out, stderr=err)
    timer.join()
    assert "ImproperlyConfigured" in err.getvalue()
    late.refresh_from_db()
    broken.refresh_from_db()
    assert late.status == "expired"


def test_an_interval_of_nothing_is_refused() -> None:
    with pytest.raises(CommandError, match="above 0"):
        call_command("ihuyi_sweep", "--loop", "--interval", "0")
