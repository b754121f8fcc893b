"""``ihuyi_check``: the accounts, what the gateway answers for them, what they have left, and the clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests
from pytest_django import Settings

from django_ihuyi.gateway import Client
from django_ihuyi.gateway.exceptions import Uncertain
from tests.fakes import Answer, FakeGateway
from tests.monitoring.helpers import run

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("answer", "limits", "status", "said"),
    [
        ({"code": 2, "num": "50"}, ["--balance", "50", "10"], 1, "50 messages left"),
        ({"code": 2, "num": "51"}, ["--balance", "50", "10"], 0, "51 messages left"),
        ({"code": 2, "num": "10"}, ["--balance", "50", "10"], 2, "10 messages left"),
        (405, [], 2, "code 405"),
        (requests.exceptions.ConnectTimeout(), [], 2, "used: the connection to 127.0.0.1 broke before"),
        ((404, b"x"), [], 2, "no answer that can be used: 127.0.0.1 answered with HTTP status 404"),
        ((200, b"x"), [], 2, "cannot be read"),
    ],
    ids=["low", "enough", "very low", "wrong key", "no connection", "no such address", "nonsense"],
)
def test_the_gateway(answer: Answer, limits: list[str], status: int, said: str, wire: FakeGateway) -> None:
    wire.answer(answer)
    ended, text = run("--only", "gateway", *limits)
    assert ended == status, text
    assert said in text


@pytest.mark.parametrize(
    ("low", "left", "limits", "status"),
    [
        (50, 49, [], 1),
        (50, 50, [], 0),
        (50, 0, [], 2),
        ({"other": 50}, 1, [], 0),
        ({"default": 50}, 49, [], 1),
        (50, 49, ["--balance", "10", "5"], 0),
        ("fifty", 1, [], 0),
    ],
    ids=["fewer", "as many", "none", "another account's", "its own", "told otherwise", "a wrong setting"],
)
def test_a_low_balance_is_a_warning(
    low: object, left: int, limits: list[str], status: int, wire: FakeGateway, settings: Settings
) -> None:
    settings.IHUYI = {**settings.IHUYI, "BALANCE_LOW": low}
    wire.answer({"code": 2, "num": str(left)})
    assert run("--only", "gateway", *limits)[0] == status


@pytest.mark.parametrize(
    ("ahead", "status"), [(0, 0), (45, 1), (-45, 1), (300, 2)], ids=["right", "ahead", "behind", "far"]
)
def test_the_clock(ahead: int, status: int, wire: FakeGateway) -> None:
    wire.headers = {"Date": format_datetime(datetime.now(UTC) - timedelta(seconds=ahead), usegmt=True)}
    ended, text = run("--only", "gateway")
    assert ended == status, text
    assert "clock default" in text


class Wordless(Client):
    """Fails without a word."""

    def get_balance(self) -> int:
        raise Uncertain


def test_an_error_without_words_is_called_by_its_name(settings: Settings) -> None:
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "CLIENT": f"{__name__}.{Wordless.__name__}"}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account}}
    assert "no answer that can be used: Uncertain." in run("--only", "gateway")[1]


class Broken(Client):
    """Fails as only a client of a site's own can."""

    def get_balance(self) -> int:
        raise LookupError


def test_an_account_whose_client_fails_keeps_no_other_from_its_question(settings: Settings, wire: FakeGateway) -> None:
    default = settings.IHUYI["ACCOUNTS"]["default"]
    accounts = {"broken": {**default, "CLIENT": f"{__name__}.{Broken.__name__}"}, "default": default}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": accounts}
    status, text = run("--only", "gateway")
    assert status == 3, text
    assert re.search(r"UNKNOWN +gateway broken +it could not be checked \(LookupError\)", text)
    assert re.search(r"OK +gateway default +answers, 100 messages left", text)


def test_accounts_in_the_safe_mode_are_asked_as_well(settings: Settings, wire: FakeGateway) -> None:
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "REDIRECT_TO": ["13900139000"]}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account, "shop": account}}
    wire.headers = {"Date": format_datetime(datetime.now(UTC), usegmt=True)}
    status, text = run("--only", "gateway")
    assert status == 0, text
    assert [line.split()[1:3] for line in text.splitlines()] == [
        ["gateway", "default"],
        ["clock", "default"],
        ["gateway", "shop"],
        ["clock", "shop"],
    ]


def test_an_account_with_wrong_settings(settings: Settings, wire: FakeGateway) -> None:
    accounts = {**settings.IHUYI["ACCOUNTS"], "shop": {"ACCOUNT": "x"}}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": accounts}
    ended, text = run("--only", "gateway", "--only", "settings")
    assert ended == 2
    assert "settings E004" in text
    assert "gateway shop" in text
    assert settings.IHUYI["ACCOUNTS"]["default"]["API_KEY"] not in text


class Patient(Client):
    """Tells how long it would wait."""

    def get_balance(self) -> int:
        assert isinstance(self.timeout, tuple)
        return round(sum(self.timeout))


@pytest.mark.parametrize(("timeout", "waits"), [("2", 4), ("30", 13)], ids=["shorter", "the account's own"])
def test_no_call_lasts_longer_than_asked(timeout: str, waits: int, settings: Settings) -> None:
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "CLIENT": f"{__name__}.{Patient.__name__}"}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account}}
    assert f"{waits} messages left" in run("--only", "gateway", "--timeout", timeout)[1]
