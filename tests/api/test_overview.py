"""Templates, balances and figures, as callers read them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from django_ihuyi.models import BalanceReading, Message, Template
from tests.dashboard.conftest import NOW, count, make_code, make_delivered, make_message

from .conftest import Caller

pytestmark = pytest.mark.django_db

TEXT = "您的订单【变量】已发货。"


def test_templates(caller: Caller) -> None:
    shown = Template.objects.create(
        name="order-shipped", text=TEXT, variables=["number"], template_id="77", state="passed"
    )
    draft = Template.objects.create(name="order-late", text=TEXT, account="other")
    listed = caller.get("templates/").json()
    assert ([row["id"] for row in listed["results"]], listed["next"]) == ([draft.pk, shown.pk], None)
    row = caller.get(f"templates/{shown.pk}/").json()
    assert listed["results"][1] == row
    assert (row["name"], row["text"], row["variables"], row["template_id"]) == ("order-shipped", TEXT, ["number"], "77")
    assert (row["state"], row["usable"], row["reviewed_at"]) == ("passed", True, None)


@pytest.mark.parametrize("query", ["state=draft", "account=other", "name=order-late", "limit=1"])
def test_which_templates(caller: Caller, query: str) -> None:
    Template.objects.create(name="order-shipped", text=TEXT, state="passed", template_id="77")
    Template.objects.create(name="order-late", text=TEXT, account="other")
    assert [row["name"] for row in caller.get(f"templates/?{query}").json()["results"]] == ["order-late"]


def test_balances(settings: Settings, caller: Caller, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    account = settings.IHUYI["ACCOUNTS"]["default"]
    accounts = {"default": account, "idle": {**account, "ACCOUNT": "cf_idle"}}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": accounts, "BALANCE_LOW": 100}
    now = timezone.now()
    for hours, remaining in ((2, 500), (0, 99), (1, 300)):
        BalanceReading.objects.create(account="default", remaining=remaining, read_at=now - timedelta(hours=hours))
    BalanceReading.objects.create(account="gone", remaining=1)
    # The session, the user, the permissions twice, and one for each account: the gateway is not asked.
    with django_assert_num_queries(6):
        read, idle = caller.get("balance/").json()["results"]
    assert (read["account"], read["remaining"], read["low"]) == ("default", 99, True)
    assert datetime.fromisoformat(read["read_at"]) == now
    assert idle == {"account": "idle", "unit": "messages", "remaining": None, "read_at": None, "low": None}


@pytest.fixture
def counted(settings: Settings) -> None:
    """A morning's messages, and their figures."""
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "PRICE": 0.05}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account}}
    make_delivered()
    make_delivered(NOW - timedelta(days=2), category="marketing", segments=3)
    make_message(status=Message.Status.REJECTED, code=4085)
    make_code(entered_at=NOW)
    make_code()
    count()


@pytest.mark.usefixtures("counted")
def test_stats(caller: Caller) -> None:
    with time_machine.travel(NOW, tick=False):
        read = caller.get("stats/").json()
    assert (read["range"], read["from"], read["to"], read["zone"]) == (
        "7d",
        "2026-02-27",
        "2026-03-05",
        "Asia/Shanghai",
    )
    assert read["statuses"] == {"delivered": 2, "rejected": 1}
    assert read["total"] == {"messages": 3, "taken": 2, "delivered": 2, "segments": 4, "cost": "0.20", "rate": 1.0}
    assert (read["unit"], len(read["periods"])) == ("day", 7)
    assert read["periods"][-1] == {"begin": "2026-03-05T00:00:00+08:00", "statuses": {"delivered": 1, "rejected": 1}}
    assert [(row["category"], row["segments"]) for row in read["shares"]] == [("marketing", 3), ("notification", 1)]
    [refused] = read["refusals"]
    assert (refused["code"], refused["messages"], bool(refused["meaning"])) == (4085, 1, True)
    assert {(wait["kind"], wait["messages"]) for wait in read["waits"]} == {("accepted", 1), ("delivered", 1)}
    assert read["codes"] == [{"purpose": "sign-up", "sent": 2, "entered": 1, "rate": 0.5}]
    assert read["counted_at"]


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize(
    ("query", "messages", "unit"),
    [
        ("range=today", 2, "hour"),
        ("range=90d", 3, "day"),
        ("from=2026-03-03&to=2026-03-03", 1, "hour"),
        ("from=2026-03-03&to=2026-03-05", 3, "day"),
    ],
)
def test_ranges(caller: Caller, query: str, messages: int, unit: str) -> None:
    with time_machine.travel(NOW, tick=False):
        read = caller.get(f"stats/?{query}").json()
    assert (read["total"]["messages"], read["unit"]) == (messages, unit)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("templates/?state=lost", "state"),
        ("templates/?colour=red", "colour"),
        ("balance/?account=default", "account"),
        ("stats/?range=1y", "range"),
        ("stats/?from=2026-03-03", "range"),
        ("stats/?to=2026-03-03", "range"),
        ("stats/?range=7d&from=2026-03-03&to=2026-03-04", "range"),
        ("stats/?from=2026-03-04&to=2026-03-03", "to"),
        ("stats/?from=2024-01-01&to=2026-01-01", "to"),
        ("stats/?from=9999-12-31&to=9999-12-31", "to"),
        ("stats/?from=yesterday&to=2026-01-01", "from"),
        ("stats/?zone=UTC", "zone"),
    ],
)
def test_wrong_input(caller: Caller, path: str, wrong: str) -> None:
    answer = caller.get(path)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [wrong])


def test_nothing_was_counted_yet(caller: Caller) -> None:
    read: dict[str, Any] = caller.get("stats/?range=24h").json()
    assert (read["statuses"], read["codes"], read["counted_at"]) == ({}, [], None)
    assert (read["total"]["cost"], read["total"]["rate"], len(read["periods"])) == (None, None, 24)
