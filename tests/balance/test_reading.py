"""Balances are asked for, kept, and told once when they get low."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import pytest
import requests
from pytest_django import DjangoAssertNumQueries, Settings

from django_ihuyi import balance
from django_ihuyi.conf.validators import validate_balance_low
from django_ihuyi.models import AccountState, BalanceReading
from django_ihuyi.schedule import BEAT_SCHEDULE
from django_ihuyi.signals import balance_low
from django_ihuyi.tasks import check_balance
from tests.celery import app
from tests.concurrency import run_concurrently
from tests.fakes import FakeGateway
from tests.signal_recorder import SignalRecorder

pytestmark = pytest.mark.django_db(transaction=True)


def left(*numbers: int) -> list[Any]:
    return [{"code": 2, "msg": "查询成功", "num": str(number)} for number in numbers]


def limit(settings: Settings, value: object) -> None:
    settings.IHUYI = {**settings.IHUYI, "BALANCE_LOW": value}


def test_every_account_is_asked_and_kept(wire: FakeGateway, settings: Settings) -> None:
    accounts = settings.IHUYI["ACCOUNTS"]
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {**accounts, "second": {**accounts["default"], "ACCOUNT": "cf_2"}}}
    asked = len(settings.IHUYI["ACCOUNTS"])
    wire.answer(*left(*range(500, 500 + asked)))
    check_balance()
    assert sorted(BalanceReading.objects.values_list("remaining", flat=True)) == list(range(500, 500 + asked))
    assert {form["account"] for form in wire.forms} >= {"cf_2"}


def test_low_is_told_once_for_each_fall(wire: FakeGateway, settings: Settings, heard: SignalRecorder) -> None:
    heard.listen(balance_low)
    limit(settings, 100)
    wire.answer(*left(100, 99, 50, 100, 7))
    for _ in range(5):
        balance.save_reading(balance.fetch("default"))
    assert [event["reading"].remaining for event in heard[balance_low]] == [99, 7]
    assert BalanceReading.objects.count() == 5


@pytest.mark.parametrize(
    ("value", "low"),
    [(None, False), (100, True), ({"default": 100}, True), ({"default": 50}, False), ({"other": 100}, False)],
    ids=["none", "for-all", "for-it", "enough", "for-another"],
)
def test_whose_limit_it_is(settings: Settings, value: object, low: bool) -> None:
    limit(settings, value)
    assert balance.is_low("default", 60) is low


@pytest.mark.parametrize("value", [0, -1, True, "100", {"default": "1"}, {1: 5}, [5]])
def test_a_limit_of_another_form_is_refused(value: object) -> None:
    assert validate_balance_low(value) is not None


def test_of_many_that_find_the_same_fall_one_tells(wire: FakeGateway, settings: Settings) -> None:
    limit(settings, 100)
    AccountState.objects.create(account="default")
    told: list[int] = []
    lock = threading.Lock()

    def receive(reading: BalanceReading, **_: object) -> None:
        with lock:
            told.append(reading.remaining)

    balance_low.connect(receive)
    try:
        wire.answer(*left(9, 9, 9, 9))
        answers = [balance.fetch("default") for _ in range(4)]
        run_concurrently(*(partial(balance.save_reading, answer) for answer in answers))
    finally:
        balance_low.disconnect(receive)
    assert told == [9]


def test_who_cannot_be_asked_is_said_and_the_others_are_asked(
    wire: FakeGateway, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    accounts = settings.IHUYI["ACCOUNTS"]
    broken = {**accounts["default"], "CLIENT": "tests.balance.test_reading.BrokenClient"}
    named = {"default": accounts["default"], "broken": broken, "last": accounts["default"]}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": named}
    wire.answer(requests.exceptions.ConnectTimeout(), *left(5))
    answers = {answer.account: answer for answer in balance.check_balances()}
    assert answers["default"].reading is None
    assert answers["broken"].error == "the account's client failed (KeyError)"
    assert answers["last"].reading == BalanceReading.objects.get()
    assert "secret" not in caplog.text
    assert caplog.text.count("could not be read") == 2


class BrokenClient:
    """What a site might write."""

    def __init__(self, *_: object, **__: object) -> None:
        raise KeyError("secret")


def test_beat_asks_every_ten_minutes() -> None:
    entry = BEAT_SCHEDULE["django-ihuyi-check-balance"]
    assert entry["task"] in app.tasks
    assert entry["schedule"] == entry["options"]["expires"] == 600


def test_what_a_reading_costs(
    wire: FakeGateway, settings: Settings, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    limit(settings, 100)
    AccountState.objects.create(account="default")
    wire.answer(*left(5))
    answer = balance.fetch("default")
    with django_assert_max_num_queries(5):
        balance.save_reading(answer)
