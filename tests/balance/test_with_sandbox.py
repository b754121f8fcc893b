"""Sending, reading and reconciling over real HTTP: what the sandbox charges is what the record counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi import conf, send_sms
from django_ihuyi.dashboard import counters, date_ranges
from django_ihuyi.dashboard.reconciliation import Day, reconcile
from django_ihuyi.models import BalanceReading
from django_ihuyi.sandbox import Sandbox
from django_ihuyi.tasks import check_balance
from django_ihuyi.worker import submission
from django_ihuyi.worker.client_factory import make_client
from tests.sending.template_factory import register

pytestmark = pytest.mark.django_db(transaction=True)

REFUSED = "13800004085"
TEXT = (
    "您好，您的订单【变量】已经由【变量】发出，预计明天送到。如果您不在家，请在手机上告诉我们放在哪里。"
    "谢谢您在我们这里购物，祝您生活愉快，欢迎您再来看看。"
)


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[Sandbox]:
    """The gateway of the settings' account, which has 1000 messages left."""
    account = settings.IHUYI["ACCOUNTS"]["default"]
    options = {"account": account["ACCOUNT"], "api_key": account["API_KEY"], "signature": account["SIGNATURE"]}
    with Sandbox(**options, balance=1000, one_a_second=False) as sandbox:
        own = {**account, "BASE_URL": sandbox.base_url}
        settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": own}}
        yield sandbox


def today() -> Day:
    """Read and count what has happened, and compare."""
    check_balance()
    now = timezone.now()
    while counters.count_due(now + timedelta(hours=1))[1]:
        pass
    zone = timezone.get_current_timezone()
    (day,) = reconcile(date_ranges.named("7d", now=now, zone=zone))
    return day


@time_machine.travel("2026-03-05 04:10Z", tick=True)  # no midnight between its two ends
def test_what_is_charged_is_what_is_counted_and_who_else_sends_is_seen(sandbox: Sandbox) -> None:
    check_balance()
    template = make_client(conf.get_account("default")).add_template(TEXT)
    sandbox.review_template(template, passed=True)
    register(name="sent", text=TEXT, template_id=str(template))
    messages = [send_sms("13712345678", "长" * length) for length in (1, 64, 65, 128, 129)]
    messages += [
        send_sms("13712345678", template="sent", params=["1234", "顺丰"]),
        send_sms(REFUSED, "您好"),
    ]
    for message in messages:
        submission.submit(message.pk)
    day = today()
    assert (day.spent, day.sent, day.difference) == (11, 11, 0)
    assert [reading.remaining for reading in BalanceReading.objects.order_by("pk")] == [1000, 989]

    sandbox.balance = 5000
    check_balance()
    stranger = make_client(conf.get_account("default"))
    for _ in range(21):
        stranger.submit("13712345679", "中奖了")
    day = today()
    assert (day.spent, day.added, day.sent, day.difference) == (32, 4011, 11, 21)
    assert day.is_odd
    assert not day.is_explained
