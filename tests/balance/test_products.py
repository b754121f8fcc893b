"""Balances of accounts of other products: asked for where there is one, in its unit, never held against segments."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi import balance
from django_ihuyi.dashboard.reconciliation import reconcile
from django_ihuyi.models import AccountState, BalanceReading
from django_ihuyi.tasks import check_balance
from django_ihuyi.worker.account_pause import probe
from tests.dashboard.test_reconciliation import read_at, sent, span
from tests.fakes import FakeGateway

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_products")]
YUAN = {"code": 2, "msg": "查询成功", "num": "12.50"}


def test_only_those_are_asked_that_have_one(wire: FakeGateway) -> None:
    wire.answer({**YUAN, "num": "500"}, YUAN)
    check_balance()
    assert set(BalanceReading.objects.values_list("account", "remaining")) == {("default", 500), ("abroad", 12)}
    assert "VM_tests" not in {form["account"] for form in wire.forms}


def test_the_log_says_in_what(wire: FakeGateway, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.IHUYI = {**settings.IHUYI, "BALANCE_LOW": {"abroad": 100}}
    wire.answer(YUAN)
    with caplog.at_level(logging.WARNING):
        balance.save_reading(balance.fetch("abroad"))
    assert "Account 'abroad' has 12 yuan left" in caplog.text


def test_the_command(wire: FakeGateway) -> None:
    out = StringIO()
    wire.answer({**YUAN, "num": "500"}, YUAN)
    call_command("ihuyi_balance", stdout=out)
    assert out.getvalue() == "default: 500 messages left\nabroad: 12 yuan left\n"


def test_the_command_in_json(wire: FakeGateway) -> None:
    out = StringIO()
    wire.answer(YUAN)
    with pytest.raises(SystemExit) as ended:
        call_command("ihuyi_balance", "abroad", "voice", "--json", stdout=out)
    assert ended.value.code == 2
    told = json.loads(out.getvalue())
    assert told["abroad"] == {"remaining": 12, "unit": "yuan", "low": False, "error": None}
    assert "no balance" in told["voice"]["error"]


def test_a_paused_account_without_a_balance_waits_for_a_message(wire: FakeGateway) -> None:
    AccountState.objects.pause("voice", code=405, msg="", clock_offset=None, now=timezone.now())
    later = timezone.now() + timedelta(hours=1)
    assert not probe(AccountState.objects.get(), now=later)
    assert wire.forms == []
    # The right to try it is left for a message.
    assert AccountState.objects.acquire_probe("voice", now=later)


def test_yuan_are_not_held_against_segments() -> None:
    for account in ("default", "abroad", "voice"):
        read_at(2, 100, account)
        read_at(1, 90, account)
        sent(1, 10, account=account)
    assert [day.account for day in reconcile(span())] == ["default"]
