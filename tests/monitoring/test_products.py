"""``ihuyi_check`` where there are accounts of other products."""

from __future__ import annotations

import pytest

from django_ihuyi.dashboard import snapshot
from django_ihuyi.models import Message
from tests.fakes import FakeGateway
from tests.monitoring.helpers import ago, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_products")]


def test_balances_in_their_units_and_where_there_is_none(wire: FakeGateway) -> None:
    wire.answer({"code": 2, "msg": "", "num": "100"}, {"code": 2, "msg": "", "num": "3.99"})
    status, text = run("--only", "gateway")
    assert status == 0, text
    lines = [line.split() for line in text.splitlines()]
    gateway = {line[2]: " ".join(line[3:]) for line in lines if line[1] == "gateway"}
    assert gateway == {
        "default": "answers, 100 messages left",
        "abroad": "answers, 3 yuan left",
        "voice": "not asked: its product has no balance to ask for",
    }


@pytest.mark.parametrize(("account", "status"), [("default", 2), ("abroad", 0), ("voice", 0)])
def test_receipts_that_nobody_promised_are_not_missed(account: str, status: int) -> None:
    moment = ago(hours=2)
    for _ in range(10):
        Message.objects.create(
            mobile="13800138000", content="x", account=account, status="accepted", accepted_at=moment
        )
    assert run("--only", "receipts")[0] == status


@pytest.mark.parametrize(("account", "missing"), [("default", 1), ("abroad", 0)])
def test_nor_on_the_dashboard(account: str, missing: int) -> None:
    moment = ago(hours=25)
    Message.objects.create(mobile="13800138000", content="x", account=account, status="accepted", accepted_at=moment)
    assert snapshot.take_snapshot(ago(hours=0)).no_receipt == missing
