"""``ihuyi_balance``: words, JSON and exit statuses."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
import requests
from django.core.management import CommandError, call_command
from pytest_django import Settings

from django_ihuyi.models import BalanceReading
from tests.fakes import Answer, FakeGateway

pytestmark = pytest.mark.django_db

TOO_LITTLE: Answer = {"code": 2, "msg": "", "num": "99"}
ENOUGH: Answer = {"code": 2, "msg": "", "num": "1000"}
NO_ANSWER: Answer = requests.exceptions.ConnectTimeout()


@pytest.mark.parametrize(
    ("answer", "status", "text", "data"),
    [
        pytest.param(ENOUGH, 0, "default: 1000 messages left\n", {"remaining": 1000, "low": False}, id="enough"),
        pytest.param(TOO_LITTLE, 1, "default: 99 messages left (low)\n", {"remaining": 99, "low": True}, id="low"),
        pytest.param(
            {"code": 2, "msg": "", "num": "1"}, 1, "default: 1 message left (low)\n", {"remaining": 1}, id="one"
        ),
        pytest.param(405, 2, "default: could not be asked: code 405:", {"remaining": None, "low": None}, id="refused"),
        pytest.param(NO_ANSWER, 2, "default: could not be asked: the connection", {"remaining": None}, id="no-answer"),
    ],
)
def test_what_it_says(
    wire: FakeGateway, settings: Settings, answer: Answer, status: int, text: str, data: dict[str, Any]
) -> None:
    settings.IHUYI = {**settings.IHUYI, "BALANCE_LOW": 100}
    for options in ([], ["--json"]):
        wire.answer(answer)
        out, ended = StringIO(), 0
        try:
            call_command("ihuyi_balance", "default", *options, stdout=out)
        except SystemExit as end:
            ended = int(str(end.code))
        assert ended == status
        if options:
            assert data.items() <= json.loads(out.getvalue())["default"].items()
        else:
            assert out.getvalue().startswith(text)
    assert not BalanceReading.objects.exists()


def test_it_keeps_what_it_reads_where_it_is_told_to(wire: FakeGateway) -> None:
    wire.answer(ENOUGH)
    call_command("ihuyi_balance", "default", "--record", stdout=StringIO())
    assert BalanceReading.objects.get().remaining == 1000


def test_an_account_that_is_not_there(wire: FakeGateway) -> None:
    with pytest.raises(CommandError, match="'defualt'") as raised:
        call_command("ihuyi_balance", "defualt")
    assert raised.value.returncode == 2
    assert wire.forms == []
