"""``ihuyi_check``: each thing that can be wrong, with its exit status."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from io import StringIO
from typing import Any

import pytest
import requests
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone, translation
from pytest_django import Settings

from django_ihuyi.gateway import Client
from django_ihuyi.gateway.errors import Uncertain
from django_ihuyi.models import AccountState, Heartbeat, Message, Receipt, WebhookDelivery, WebhookEndpoint
from django_ihuyi.watching import checking, record
from django_ihuyi.watching.findings import Finding, Level, Limits, worst
from tests.wire import Answer, FakeWire

pytestmark = pytest.mark.django_db


def ago(**length: float) -> datetime:
    return timezone.now() - timedelta(**length)


def run(*arguments: str) -> tuple[int, str]:
    """Run the command; its exit status and what it printed."""
    out = StringIO()
    status = 0
    try:
        call_command("ihuyi_check", *arguments, stdout=out)
    except SystemExit as ended:
        status = int(str(ended.code))
    return status, out.getvalue()


@pytest.fixture
def alive() -> None:
    now = timezone.now()
    Heartbeat.objects.create(name="sweep", beaten_at=now)
    Heartbeat.objects.create(name="queue:", asked_at=now - timedelta(seconds=1), beaten_at=now)


@pytest.mark.usefixtures("alive")
def test_all_is_well(wire: FakeWire, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(8):
        status, text = run()
    assert status == 0, text
    assert {line.split()[0] for line in text.splitlines()} == {"OK"}
    assert {line.split()[1] for line in text.splitlines()} == {*checking.NAMES}
    assert "answers, 100 messages left" in text


@pytest.mark.usefixtures("alive")
def test_as_json(wire: FakeWire) -> None:
    wire.answer({"code": 2, "msg": "", "num": "0"})
    status, text = run("--json")
    told = json.loads(text)
    assert (status, told["status"]) == (2, "CRITICAL")
    (bad,) = [check for check in told["checks"] if check["status"] != "OK"]
    assert (bad["check"], bad["subject"], bad["balance"], bad["advice"]) == (
        "gateway",
        "default",
        0,
        "Recharge in ihuyi's console.",
    )


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
def test_the_gateway(answer: Answer, limits: list[str], status: int, said: str, wire: FakeWire) -> None:
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
    low: object, left: int, limits: list[str], status: int, wire: FakeWire, settings: Settings
) -> None:
    settings.IHUYI = {**settings.IHUYI, "BALANCE_LOW": low}
    wire.answer({"code": 2, "num": str(left)})
    assert run("--only", "gateway", *limits)[0] == status


@pytest.mark.parametrize(
    ("ahead", "status"), [(0, 0), (45, 1), (-45, 1), (300, 2)], ids=["right", "ahead", "behind", "far"]
)
def test_the_clock(ahead: int, status: int, wire: FakeWire) -> None:
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


def test_an_account_whose_client_fails_keeps_no_other_from_its_question(settings: Settings, wire: FakeWire) -> None:
    default = settings.IHUYI["ACCOUNTS"]["default"]
    accounts = {"broken": {**default, "CLIENT": f"{__name__}.{Broken.__name__}"}, "default": default}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": accounts}
    status, text = run("--only", "gateway")
    assert status == 3, text
    assert re.search(r"UNKNOWN +gateway broken +it could not be checked \(LookupError\)", text)
    assert re.search(r"OK +gateway default +answers, 100 messages left", text)


def test_accounts_in_the_safe_mode_are_asked_as_well(settings: Settings, wire: FakeWire) -> None:
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


def test_an_account_with_wrong_settings(settings: Settings, wire: FakeWire) -> None:
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


@pytest.mark.parametrize(("tokens", "status"), [([], 1), (["x" * 20], 0)], ids=["a warning", "right"])
def test_the_settings(tokens: list[str], status: int, settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "PUSH_TOKENS": tokens}
    assert run("--only", "settings")[0] == status


def message(**values: Any) -> None:
    Message.objects.create(**{"mobile": "13800138000", "content": "您好", **values})


def due(seconds: float) -> Callable[[], None]:
    return lambda: message(due_at=ago(seconds=seconds), publish_at=ago(seconds=seconds))


def accepted(number: int, hours: float, last_receipt: float | None = None) -> Callable[[], None]:
    def make() -> None:
        for _number in range(number):
            message(status="accepted", accepted_at=ago(hours=hours))
        if last_receipt is not None:
            Receipt.objects.create(mobile="1", code=2, received_at=ago(hours=last_receipt))

    return make


def paused(code: int | None) -> Callable[[], None]:
    def make() -> None:
        AccountState.objects.create(account="default", paused_since=ago(minutes=1), code=code)

    return make


def heart(name: str, **seconds_ago: float) -> Callable[[], None]:
    def make() -> None:
        Heartbeat.objects.create(name=name, **{field: ago(seconds=value) for field, value in seconds_ago.items()})

    return make


@pytest.mark.parametrize(
    ("check", "made", "status", "said"),
    [
        ("waiting", due(60), 0, "1 are due"),
        ("waiting", due(130), 1, "oldest for 130 s"),
        ("waiting", due(1000), 2, "oldest for 1000 s"),
        ("waiting", lambda: message(due_at=ago(hours=-1)), 0, "0 are due"),
        ("claims", lambda: message(status="submitting", claimed_until=ago(seconds=90)), 1, "1 are with a worker"),
        ("claims", lambda: message(status="submitting", claimed_until=ago(seconds=30)), 0, "0 are with a worker"),
        ("unknown", lambda: message(status="unknown", submitted_at=ago(hours=1)), 1, "1 of the last day"),
        ("unknown", lambda: message(status="unknown", submitted_at=ago(hours=25)), 0, "0 of the last day"),
        (
            "unknown",
            lambda: message(status="unknown", submitted_at=ago(hours=1), given_up_at=ago(hours=0)),
            0,
            "0 of the last day",
        ),
        ("receipts", accepted(1, 2), 1, "no receipt has come"),
        ("receipts", accepted(10, 2), 2, "PUSH_TOKENS"),
        ("receipts", accepted(10, 2, last_receipt=1), 0, "receipts arrive"),
        ("receipts", accepted(10, 2, last_receipt=3), 2, "no receipt has come"),
        ("receipts", accepted(10, 0.5), 0, "receipts arrive"),
        ("pauses", paused(4051), 2, "code 4051"),
        ("pauses", paused(None), 2, "does not answer"),
        ("sweep", lambda: None, 2, "no sweep has ever run"),
        ("sweep", heart("sweep", beaten_at=100), 1, "100 s ago"),
        ("sweep", heart("sweep", beaten_at=400), 2, "beat"),
        ("queues", lambda: None, 3, "no sweep has asked"),
        ("queues", heart("queue:", asked_at=200), 1, "waiting for 200 s"),
        ("queues", heart("queue:", asked_at=1000), 2, "Start a worker with -Q"),
        ("queues", heart("queue:", asked_at=3600, beaten_at=3300), 1, "takes 300.0 s"),
    ],
)
def test_the_record(check: str, made: Callable[[], None], status: int, said: str) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        made()
        ended, text = run("--only", check)
    assert ended == status, text
    assert said in text
    assert "13800138000" not in text


@pytest.mark.parametrize(
    ("made", "product", "status", "said"),
    [
        (lambda: None, "sms", 1, "receipts cannot arrive: PUSH_TOKENS is empty. Write a token"),
        (accepted(10, 2, last_receipt=1), "sms", 1, "receipts cannot arrive"),
        (accepted(10, 2), "sms", 2, "receipts cannot arrive"),
        (lambda: None, "voice", 0, "none is awaited"),
    ],
    ids=["nothing sent", "they came before", "they are missed", "no account has any"],
)
def test_no_receipt_can_arrive_without_a_token(
    made: Callable[[], None], product: str, status: int, said: str, settings: Settings
) -> None:
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "PRODUCT": product}
    settings.IHUYI = {"ACCOUNTS": {"default": account}}
    made()
    ended, text = run("--only", "receipts")
    assert ended == status, text
    assert said in text


def test_a_site_that_silenced_the_check_is_not_told_again(settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "PUSH_TOKENS": []}
    settings.SILENCED_SYSTEM_CHECKS = ["django_ihuyi.W001"]
    status, text = run("--only", "receipts", "--only", "settings")
    assert status == 0, text
    accepted(10, 2)()
    assert run("--only", "receipts")[0] == 2


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_sentence_ends_twice(language: str, settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "PUSH_TOKENS": []}
    paused(405)()
    with translation.override(language):
        text = run("--only", "pauses", "--only", "settings", "--only", "sweep")[1]
    assert len(re.findall(r"[.。] ?\S", text)) >= 2
    assert not re.search(r"[.。]\s*[.。]", text)
    assert not re.search(r"[\u4e00-\u9fff]\.|。 ", text)


def test_a_paused_account_is_told_by_itself() -> None:
    paused(405)()
    due(1000)()
    assert run("--only", "waiting")[0] == 0


def test_counting_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "CAP", 2)
    for _number in range(3):
        due(1)()
    assert "2+ are due" in run("--only", "waiting")[1]


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


def test_what_cannot_be_checked_is_said(settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "QUEUES": 7}
    status, text = run("--only", "queues")
    assert (status, "could not be checked (ImproperlyConfigured)" in text) == (3, True)


def test_in_chinese() -> None:
    with translation.override("zh-hans"):
        text = run("--only", "sweep")[1]
    assert "从未" in text


def test_wrong_use() -> None:
    with pytest.raises(CommandError) as caught:
        run("--timeout", "0")
    assert caught.value.returncode == 3


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([], Level.UNKNOWN),
        ([Level.OK], Level.OK),
        ([Level.OK, Level.UNKNOWN], Level.UNKNOWN),
        ([Level.UNKNOWN, Level.WARNING], Level.WARNING),
        ([Level.WARNING, Level.CRITICAL, Level.UNKNOWN], Level.CRITICAL),
    ],
)
def test_the_worst_counts(levels: list[Level], expected: Level) -> None:
    assert worst([Finding("x", "", level, "") for level in levels]) is expected


def test_limits_are_reached_at_their_figure() -> None:
    assert [Limits.judge(value, (1, 2)) for value in (0.9, 1, 2)] == [Level.OK, Level.WARNING, Level.CRITICAL]


def _webhooks(hours: float, **values: Any) -> None:
    endpoint = WebhookEndpoint.objects.create(name="shop", url="https://a.example", **values)
    WebhookDelivery.objects.create(
        endpoint=endpoint, event_id="evt_1", event="ping", status="dead", ended_at=ago(hours=hours)
    )


@pytest.mark.parametrize(
    ("on", "hours", "values", "status", "said"),
    [
        (False, 1, {}, 0, "no other system"),
        (True, 1, {}, 1, "1 webhook deliveries were given up"),
        (True, 25, {}, 0, "0 webhook deliveries were given up"),
        (True, 25, {"active": False}, 0, "0 webhook"),
        (True, 25, {"active": False, "disabled_reason": "The receiver answered 410 Gone."}, 1, "webhooks shop"),
    ],
    ids=["off", "dead", "dead long ago", "off by hand", "gone"],
)
def test_webhooks(on: bool, hours: float, values: dict[str, Any], status: int, said: str, settings: Settings) -> None:
    if on:
        settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": {}}
    _webhooks(hours, **values)
    ended, text = run("--only", "webhooks")
    assert ended == status, text
    assert said in text
