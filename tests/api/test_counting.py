"""Guesses and requests at the same moment: no more get through than the rate says, whichever cache counts them."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from pytest_django import Settings

from django_ihuyi.api import access, counting
from tests import services
from tests.concurrency import run_concurrently

from .conftest import API, Caller, open_api

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.by_database]

BASIC = ["rest_framework.authentication.BasicAuthentication"]
BACKENDS = "django.core.cache.backends"
THREADS = 16

exact = pytest.mark.parametrize(
    "counter", ["memory", "database", pytest.param("redis", marks=pytest.mark.service("redis"))], indirect=True
)


class FullCache(LocMemCache):
    """One whose numbers are gone as soon as they are written, as where a server's memory is too small."""

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        raise ValueError("It is gone.")

    decr = incr


@pytest.fixture
def counter(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Iterator[None]:
    """The site's cache is of this kind."""
    if request.param == "redis":
        with services.redis_database() as url:
            settings.CACHES = {"default": {"BACKEND": f"{BACKENDS}.redis.RedisCache", "LOCATION": url}}
            yield
        return
    backend, location = {
        "memory": (f"{BACKENDS}.locmem.LocMemCache", request.node.name),
        "database": (f"{BACKENDS}.db.DatabaseCache", "cached"),
        "file": (f"{BACKENDS}.filebased.FileBasedCache", str(tmp_path)),
        "dummy": (f"{BACKENDS}.dummy.DummyCache", ""),
        "full": (f"{__name__}.FullCache", request.node.name),
    }[request.param]
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": location}}
    if request.param != "database":
        yield
        return
    call_command("createcachetable", verbosity=0)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE cached")


@pytest.fixture
def shop(settings: Settings, db: None) -> Any:
    user = get_user_model().objects.create_user("shop", password="right")
    user.user_permissions.add(Permission.objects.get(codename="view_message"))
    open_api(settings, AUTHENTICATION_CLASSES=BASIC, THROTTLE_RATES={"failures": "20/min"})
    return user


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, a thread waits for the others, and counts with the lock."""
    monkeypatch.setattr(access, "TURN_TIMEOUT", 60)
    monkeypatch.setattr(counting, "LOCK_TIMEOUT", 60)


def log_in(password: str) -> int:
    """Read as the user `shop`. Returns the status."""
    credentials = base64.b64encode(f"shop:{password}".encode()).decode()
    answer = Client(REMOTE_ADDR="203.0.113.7").get(f"{API}messages/", headers={"Authorization": f"Basic {credentials}"})
    return answer.status_code


def in_threads(call: Callable[[], int], times: int) -> Counter[int]:
    """Call from many threads at once, so often in each; how often each status came."""
    calls = [partial(lambda: [call() for _time in range(times)])] * THREADS
    return Counter(status for statuses in run_concurrently(*calls) for status in statuses)


@exact
@pytest.mark.usefixtures("counter", "shop", "patient")
def test_wrong_passwords__of_16_threads__are_looked_at_as_often_as_the_rate_says() -> None:
    assert in_threads(lambda: log_in("wrong"), 9) == {401: 20, 429: 9 * THREADS - 20}
    assert log_in("right") == 429


@exact
@pytest.mark.usefixtures("counter", "shop", "patient")
def test_right_passwords__of_16_threads__are_all_taken(settings: Settings) -> None:
    open_api(settings, AUTHENTICATION_CLASSES=BASIC, THROTTLE_RATES={"failures": "3/min"})
    assert in_threads(lambda: log_in("right"), 3) == {200: 3 * THREADS}
    assert [log_in("wrong") for _guess in range(4)] == [401, 401, 401, 429]


@exact
@pytest.mark.usefixtures("counter", "patient")
def test_requests__of_one_caller_in_16_threads__are_as_many_as_the_rate_says(settings: Settings) -> None:
    caller, other = Caller("view_message"), Caller("view_message", name="other")
    open_api(settings, THROTTLE_RATES={"read": "20/min"})
    cookies = caller.client.cookies

    def read() -> int:
        client = Client()
        client.cookies = cookies
        status: int = client.get(f"{API}messages/").status_code
        return status

    assert in_threads(read, 3) == {200: 20, 429: 3 * THREADS - 20}
    assert other.get("messages/").status_code == 200


@pytest.mark.parametrize("counter", ["memory", "database"], indirect=True)
@pytest.mark.usefixtures("counter", "shop")
def test_wrong_passwords__where_each_request_is_a_transaction__stay_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal rolls the transaction back, and what a cache in the database counted with it."""
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        assert [log_in("wrong") for _guess in range(21)] == [401] * 20 + [429]
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False


@pytest.mark.parametrize(
    ("counter", "last"),
    [("file", 429), ("dummy", 401), ("full", 401)],
    indirect=["counter"],
    ids=["file", "dummy", "full"],
)
@pytest.mark.usefixtures("counter", "shop")
def test_wrong_passwords__with_a_cache_that_is_not_for_counting__break_nothing(last: int) -> None:
    assert [log_in("wrong") for _guess in range(21)] == [401] * 20 + [last]
    cache.clear()
    assert log_in("right") == 200


@pytest.mark.usefixtures("shop")
def test_request__while_others_of_its_address_are_looked_at__is_told_to_come_again_at_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "TURN_TIMEOUT", 0.05)
    open_api(settings, AUTHENTICATION_CLASSES=BASIC, THROTTLE_RATES={"failures": "2/day"})
    key = "django_ihuyi.api.failures.203.0.113.7"
    busy = [counting.count(key, seconds=86_400) for _request in range(2)]
    answer = Client(REMOTE_ADDR="203.0.113.7").get(f"{API}messages/")
    assert (answer.status_code, answer["Retry-After"]) == (429, "1")
    counting.settle(busy[0])
    counting.uncount(busy[1])
    assert [log_in("right"), log_in("wrong"), log_in("right")] == [200, 401, 429]


@pytest.mark.parametrize("counter", ["memory", "database"], indirect=True)
@pytest.mark.usefixtures("counter")
def test_window__begins_with_the_first_and_ends_by_itself() -> None:
    with time_machine.travel("2026-03-05T12:00:50Z", tick=False) as clock:
        assert [counting.count("k", seconds=60)[:2] for _time in range(2)] == [(1, 60), (2, 60)]
        clock.shift(59)
        assert counting.count("k", seconds=60)[:2] == (3, 1)
        clock.shift(2)
        late = counting.count("k", seconds=60)
        assert late[:2] == (1, 60)
        clock.shift(-30)  # a clock that was ahead
        assert counting.count("k", seconds=60)[:2] == (2, 60)
        counting.uncount(late)
        assert counting.count("k", seconds=60).number == 2


@pytest.mark.parametrize("counter", ["database"], indirect=True)
@pytest.mark.usefixtures("counter")
def test_lock__that_a_process_left_behind__holds_nobody_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "LOCK_TIMEOUT", 0.05)
    first = counting.count("k", seconds=60)
    cache.add(f"{first.place}.lock", 1, 60)
    assert [counting.count("k", seconds=60).number for _time in range(2)] == [2, 3]
    assert cache.get(f"{first.place}.lock") == 1
