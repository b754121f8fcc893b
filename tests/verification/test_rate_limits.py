"""Each limit by the clock, what the gateway said, the dry run, and numbers without limits."""

from __future__ import annotations

import logging
import pickle
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi import send_code, verify_code
from django_ihuyi.exceptions import CaptchaRequired, CodeThrottled, ThrottleReason
from django_ihuyi.models import Message
from django_ihuyi.tasks import submit_message
from django_ihuyi.verification.models import CodeQuota, VerificationCode
from tests.fakes import FakeGateway
from tests.log_records import package_records

from .code_text import MOBILE, PURPOSE, code_in
from .conftest import Configure

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("broker"),
    pytest.mark.by_database,
]

OTHER = "13900139000"
IP = "203.0.113.7"
HOUR, DAY = 3600, 86_400


# What is spent of each limit at which second, what the request after them is refused for, and how long.
LIMITS: list[tuple[str, dict[str, Any], list[tuple[int, str, str | None]], str, int]] = [
    ("interval", {}, [(0, MOBILE, None)], "interval", 60),
    ("number", {}, [(i * HOUR, MOBILE, None) for i in range(5)], "number", DAY - 4 * HOUR),
    ("address", {"ADDRESS_PER_HOUR": 2}, [(0, OTHER, f"::ffff:{IP}"), (60, "13700137000", IP)], "address", 3600),
    ("address, a day", {"ADDRESS_PER_DAY": 1}, [(0, OTHER, IP)], "address", DAY + 1440),
    ("prefix", {"PREFIX_PER_HOUR": 2}, [(0, "13800139999", None), (9, "13800130000", None)], "prefix", 3651),
    ("site", {"SITE_PER_HOUR": 1}, [(0, OTHER, None)], "site", 3660),
    ("site, a day", {"SITE_PER_DAY": 2}, [(0, OTHER, None), (HOUR, "13700137000", None)], "site", DAY + 1440 - HOUR),
]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "spent", "reason", "wait"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS]
)
def test_limits(
    configure: Configure, options: dict[str, Any], spent: list[tuple[int, str, str | None]], reason: str, wait: int
) -> None:
    configure(**options)
    start = timezone.now().replace(microsecond=0)
    with time_machine.travel(start, tick=False) as clock:
        for second, mobile, ip in spent:
            clock.move_to(start + timedelta(seconds=second))
            send_code(mobile, PURPOSE, ip=ip)
        with pytest.raises(CodeThrottled) as caught:
            send_code(MOBILE, PURPOSE, ip=IP)
        assert (caught.value.reason, caught.value.retry_after) == (reason, wait)
        count = Message.objects.count()
        clock.shift(wait)
        send_code(MOBILE, PURPOSE, ip=IP)
        assert Message.objects.count() == count + 1


@pytest.mark.parametrize("error", [CodeThrottled(7, ThrottleReason.SITE), CaptchaRequired()])
def test_a_refusal_survives_a_process_boundary(error: CodeThrottled) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.retry_after, copy.reason, str(copy)) == (
        type(error),
        error.retry_after,
        error.reason,
        str(error),
    )


def test_ipv6_counts_by_network_and_ipv4_by_address(configure: Configure) -> None:
    configure(ADDRESS_PER_HOUR=1)
    send_code("13800138001", PURPOSE, ip="2001:db8:1:2::1")
    send_code("13800138002", PURPOSE, ip="2001:db8:1:3::1")
    send_code("13800138003", PURPOSE, ip=IP)
    send_code("13800138004", PURPOSE, ip="203.0.113.8")
    with pytest.raises(CodeThrottled):
        send_code("13800138005", PURPOSE, ip="2001:db8:1:2:ffff::9")


def test_one_ipv6_customer_is_not_as_many_clients_as_their_network_has(configure: Configure) -> None:
    configure(ADDRESS_PER_HOUR=2)
    for index in range(10):
        send_code(f"138001380{index:02}", PURPOSE, ip=f"2001:db8:1:{index:x}::1")
    with pytest.raises(CodeThrottled) as caught:
        send_code(OTHER, PURPOSE, ip="2001:db8:1:ffff::1")
    assert caught.value.reason == "address"
    send_code(OTHER, PURPOSE, ip="2001:db8:2::1")
    assert set(VerificationCode.objects.values_list("network", flat=True)) == {"2001:db8:1::/48", "2001:db8:2::/48"}


def test_an_ipv4_address_has_no_network_around_it() -> None:
    send_code(MOBILE, PURPOSE, ip=IP)
    assert VerificationCode.objects.get().network == ""
    assert set(CodeQuota.objects.values_list("pk", flat=True)) == {
        f"number:{MOBILE}", "prefix:1380013", f"address:{IP}", "site",
    }  # fmt: skip


def test_a_refused_request_spends_nothing(configure: Configure) -> None:
    start = timezone.now().replace(microsecond=0)
    with time_machine.travel(start, tick=False) as clock:
        send_code(MOBILE, PURPOSE)
        for second in (20, 40, 59):
            clock.move_to(start + timedelta(seconds=second))
            with pytest.raises(CodeThrottled) as caught:
                send_code(MOBILE, PURPOSE)
            assert caught.value.retry_after == 60 - second
        clock.move_to(start + timedelta(seconds=60))
        send_code(MOBILE, PURPOSE)


BEHIND = {"PURPOSES": {"log-in-second": {"BEHIND_PASSWORD": True}}}
RESERVES: list[tuple[str, dict[str, Any], int, int]] = [
    ("the default", BEHIND, 3, 2),
    ("another", {**BEHIND, "NUMBER_RESERVED": 1}, 4, 1),
    ("one is for everybody", {**BEHIND, "NUMBER_PER_DAY": 2}, 1, 1),
    ("a package's second factor", {"PURPOSES": {"otp": {}}}, 3, 0),
    ("not behind a password", {"PURPOSES": {"otp": {"BEHIND_PASSWORD": False}}}, 5, 0),
    ("no such purpose", {"PURPOSES": {"sign-up": {}}}, 5, 0),
    ("no limit", {**BEHIND, "NUMBER_PER_DAY": None}, 9, 9),
]


def sent_of_nine(purpose: str) -> int:
    """How many codes go out of so many that are asked for."""
    before = Message.objects.count()
    for _ in range(9):
        with suppress(CodeThrottled):
            send_code(MOBILE, purpose)
    return Message.objects.count() - before


@pytest.mark.parametrize(
    ("options", "anybodys", "behind_a_password"), [row[1:] for row in RESERVES], ids=[row[0] for row in RESERVES]
)
def test_the_last_codes_of_a_day_are_for_who_gave_a_password(
    configure: Configure, options: dict[str, Any], anybodys: int, behind_a_password: int
) -> None:
    configure(INTERVAL=0, **options)
    assert sent_of_nine("sign-up") == anybodys
    assert sent_of_nine("log-in-second") == behind_a_password


def test_no_limits_where_the_site_sets_none(configure: Configure) -> None:
    per = ("NUMBER_PER_DAY", "ADDRESS_PER_HOUR", "ADDRESS_PER_DAY", "PREFIX_PER_HOUR", "PREFIX_PER_DAY")
    configure(INTERVAL=0, SITE_PER_HOUR=None, SITE_PER_DAY=None, **dict.fromkeys(per))
    for _ in range(10):
        send_code(MOBILE, PURPOSE, ip=IP)
    assert not CodeQuota.objects.exists()


@pytest.mark.parametrize("code", [4082, 4084, 4085, 408, 4030])
def test_what_the_gateway_refused_today_is_not_asked_again(wire: FakeGateway, configure: Configure, code: int) -> None:
    configure(INTERVAL=0)
    with time_machine.travel("2026-03-05T12:00:00+08:00", tick=False) as clock:
        wire.answer(code)
        submit_message(send_code(MOBILE, PURPOSE).pk)
        with pytest.raises(CodeThrottled) as caught:
            send_code(MOBILE, PURPOSE)
        assert (caught.value.reason, caught.value.retry_after) == ("gateway", 12 * HOUR)
        assert send_code(OTHER, PURPOSE).status == "queued"
        clock.shift(12 * HOUR)
        assert send_code(MOBILE, PURPOSE).status == "queued"


@pytest.mark.parametrize(("code", "seconds"), [(4081, 60), (4083, 60), (4086, 120)])
def test_number__refused_for_a_minute_or_two__waits_as_long(
    wire: FakeGateway, configure: Configure, code: int, seconds: int
) -> None:
    configure(INTERVAL=0)
    # Over midnight: this has nothing to do with days.
    with time_machine.travel("2026-03-05T23:59:50+08:00", tick=False) as clock:
        wire.answer(code)
        message = send_code(MOBILE, PURPOSE)
        clock.shift(5)
        submit_message(message.pk)
        clock.shift(20)
        with pytest.raises(CodeThrottled) as caught:
            send_code(MOBILE, PURPOSE)
        assert (caught.value.reason, caught.value.retry_after) == ("gateway", seconds - 20)
        assert send_code(OTHER, PURPOSE).status == "queued"
        clock.shift(seconds - 20)
        assert send_code(MOBILE, PURPOSE).status == "queued"


def test_number__refused_by_several_codes__waits_for_the_longest(wire: FakeGateway, configure: Configure) -> None:
    configure(INTERVAL=0)
    with time_machine.travel("2026-03-05T12:00:00+08:00", tick=False):
        wire.answer(4081, 4086)
        for message in [send_code(MOBILE, PURPOSE) for _ in range(2)]:
            submit_message(message.pk)
        with pytest.raises(CodeThrottled) as caught:
            send_code(MOBILE, PURPOSE)
        assert caught.value.retry_after == 120


@pytest.mark.parametrize(("minutes_ahead", "waits"), [(3, 60), (180, None)])
def test_number__refused_while_a_clock_was_ahead__waits_no_longer_than_the_code_says(
    wire: FakeGateway, configure: Configure, minutes_ahead: int, waits: int | None
) -> None:
    configure(INTERVAL=0)
    wire.answer(4081)
    with time_machine.travel("2026-03-05T12:00:00+08:00", tick=False) as clock:
        clock.shift(60 * minutes_ahead)
        submit_message(send_code(MOBILE, PURPOSE).pk)
        clock.shift(-60 * minutes_ahead)
        if waits is None:
            assert send_code(MOBILE, PURPOSE).status == "queued"
        else:
            with pytest.raises(CodeThrottled) as caught:
                send_code(MOBILE, PURPOSE)
            assert caught.value.retry_after == waits


def test_times_without_zones(wire: FakeGateway, configure: Configure, settings: Settings) -> None:
    settings.USE_TZ = False
    configure(INTERVAL=0)
    with time_machine.travel("2026-03-05T23:00:00+08:00", tick=False) as clock:
        wire.answer(4085)
        submit_message(send_code(MOBILE, PURPOSE).pk)
        with pytest.raises(CodeThrottled) as caught:
            send_code(MOBILE, PURPOSE)
        assert (caught.value.reason, caught.value.retry_after) == ("gateway", HOUR)
        clock.shift(HOUR)
        assert verify_code(MOBILE, PURPOSE, code_in(send_code(MOBILE, PURPOSE)))


def test_a_number_refused_for_another_reason_may_ask_again(wire: FakeGateway, configure: Configure) -> None:
    configure(INTERVAL=0)
    wire.answer(407)
    submit_message(send_code(MOBILE, PURPOSE).pk)
    assert send_code(MOBILE, PURPOSE).status == "queued"


def test_dry_run_reports_and_sends(configure: Configure, caplog: pytest.LogCaptureFixture) -> None:
    configure(DRY_RUN=True, CAPTCHA="builtins.bool", CAPTCHA_WHEN="never")
    for _ in range(3):
        send_code(MOBILE, PURPOSE, ip=IP)
    assert Message.objects.count() == 3
    said = [record.getMessage() for record in package_records(caplog, logging.WARNING)]
    assert said == ["Dry run: a code was sent that would be refused (interval)."] * 2
    assert MOBILE not in caplog.text


def test_test_numbers_have_no_limits(configure: Configure) -> None:
    configure(TEST_NUMBERS=[MOBILE], SITE_PER_HOUR=1, CAPTCHA="builtins.bool", CAPTCHA_WHEN="always")
    for _ in range(10):
        send_code(MOBILE, PURPOSE, ip=IP)
    assert not CodeQuota.objects.exists()


def test_a_row_purged_between_its_making_and_its_locking_is_made_again() -> None:
    purged: list[str] = []

    def purge_first(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and not purged:
            purged.append(sql)
            CodeQuota.objects.all().delete()
        return execute(sql, params, many, context)

    with transaction.atomic(), connection.execute_wrapper(purge_first):
        rows = CodeQuota.objects.lock(["site", "number:1"], now=timezone.now())
    assert purged
    assert set(rows) == {"site", "number:1"} == set(CodeQuota.objects.values_list("pk", flat=True))
