"""``send_code``: the text, the code, each limit by the clock, and what is not sent."""

from __future__ import annotations

import logging
import pickle
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_ihuyi import pretend_code, send_code, verify_code
from django_ihuyi.exceptions import CaptchaRequired, CodeThrottled, InvalidMessage, ThrottleReason
from django_ihuyi.models import CodeQuota, Message, VerificationCode
from django_ihuyi.tasks import submit_message
from tests.wire import FakeBroker, FakeWire

from .codes import MOBILE, PURPOSE, code_in
from .conftest import Configure

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]

OTHER = "13900139000"
IP = "203.0.113.7"
HOUR, DAY = 3600, 86_400


def test_what_is_recorded(broker: FakeBroker) -> None:
    message = send_code("+86 138-0013-8000", PURPOSE, ip=IP)
    row = VerificationCode.objects.get()
    assert message.content == f"您的验证码是：{row.derive()}。请不要把验证码泄露给其他人。"
    assert (message.mobile, message.category, message.status) == (MOBILE, "verification", "queued")
    assert message.expires_at == row.expires_at == row.created_at + timedelta(minutes=5)
    assert (row.mobile, row.purpose, row.address, row.message, row.decoy) == (
        MOBILE,
        PURPOSE,
        IP,
        message,
        False,
    )
    assert len(row.derive()) == 6
    assert broker.take_pks() == [message.pk]


TEXTS: list[tuple[str, dict[str, Any], str, str]] = [
    ("text for all", {"TEXT": "码{code}"}, "", "码{code}"),
    ("minutes", {"TEXT": "{code}，{minutes}分钟", "LIFETIME": 601}, "", "{code}，11分钟"),
    ("text of the purpose", {"PURPOSES": {PURPOSE: {"TEXT": "注册{code}"}}}, "", "注册{code}"),
    ("another purpose's", {"TEXT": "码{code}", "PURPOSES": {"log-in": {"TEXT": "登录{code}"}}}, "", "码{code}"),
    ("template", {"PURPOSES": {PURPOSE: {"TEMPLATE": 1}}}, "1", "{code}"),
    (
        "template with minutes",
        {"PURPOSES": {PURPOSE: {"TEMPLATE": "7", "PARAMS": ["{code}", "{minutes}"]}}},
        "7",
        "{code}|5",
    ),
    ("length", {"TEXT": "{code}", "CODE_LENGTH": 8}, "", "{code}"),
]


@pytest.mark.parametrize(("options", "template", "content"), [row[1:] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_texts(configure: Configure, options: dict[str, Any], template: str, content: str) -> None:
    configure(**options)
    message = send_code(MOBILE, PURPOSE)
    code = VerificationCode.objects.get().derive()
    assert len(code) == options.get("CODE_LENGTH", 6)
    assert (message.template, message.content) == (template, content.format(code=code))


def test_codes_are_not_alike(configure: Configure) -> None:
    rows = [
        VerificationCode(mobile=mobile, purpose=purpose, nonce=nonce, length=6)
        for mobile in (MOBILE, OTHER)
        for purpose in ("sign-up", "log-in")
        for nonce in (f"{number:032x}" for number in range(250))
    ]
    codes = [row.derive() for row in rows]
    assert len(set(codes)) > 990
    for digit in range(6):
        assert {code[digit] for code in codes} == set("0123456789")


def test_a_code_expires_instead_of_going_out_late(wire: FakeWire) -> None:
    message = send_code(MOBILE, PURPOSE)
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        submit_message(message.pk)
    message.refresh_from_db()
    assert message.status == "expired"
    assert wire.forms == []


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


def test_no_limits_where_the_site_sets_none(configure: Configure) -> None:
    per = ("NUMBER_PER_DAY", "ADDRESS_PER_HOUR", "ADDRESS_PER_DAY", "PREFIX_PER_HOUR", "PREFIX_PER_DAY")
    configure(INTERVAL=0, SITE_PER_HOUR=None, SITE_PER_DAY=None, **dict.fromkeys(per))
    for _ in range(10):
        send_code(MOBILE, PURPOSE, ip=IP)
    assert not CodeQuota.objects.exists()


@pytest.mark.parametrize("code", [4082, 4085, 408, 4030])
def test_what_the_gateway_refused_today_is_not_asked_again(wire: FakeWire, configure: Configure, code: int) -> None:
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


def test_a_number_refused_for_another_reason_may_ask_again(wire: FakeWire, configure: Configure) -> None:
    configure(INTERVAL=0)
    wire.answer(407)
    submit_message(send_code(MOBILE, PURPOSE).pk)
    assert send_code(MOBILE, PURPOSE).status == "queued"


def test_dry_run_reports_and_sends(configure: Configure, caplog: pytest.LogCaptureFixture) -> None:
    configure(DRY_RUN=True, CAPTCHA="builtins.bool", CAPTCHA_WHEN="never")
    for _ in range(3):
        send_code(MOBILE, PURPOSE, ip=IP)
    assert Message.objects.count() == 3
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert said == ["Dry run: a code was sent that would be refused (interval)."] * 2
    assert MOBILE not in caplog.text


def test_test_numbers_have_no_limits(configure: Configure) -> None:
    configure(TEST_NUMBERS=[MOBILE], SITE_PER_HOUR=1, CAPTCHA="builtins.bool", CAPTCHA_WHEN="always")
    for _ in range(10):
        send_code(MOBILE, PURPOSE, ip=IP)
    assert not CodeQuota.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"mobile": "021 6277 0000"}, InvalidMessage, "eleven digits"),
        ({"purpose": ""}, ValueError, "1 to 32"),
        ({"purpose": "p" * 33}, ValueError, "1 to 32"),
        ({"ip": "nonsense"}, ValueError, "nonsense"),
        ({"account": "shop"}, ImproperlyConfigured, "'shop'"),
    ],
    ids=["number", "empty purpose", "long purpose", "address", "account"],
)
def test_wrong_input_spends_nothing(arguments: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        send_code(**{"mobile": MOBILE, "purpose": PURPOSE, **arguments})
    assert not Message.objects.exists()
    assert not CodeQuota.objects.exists()


def test_a_text_that_cannot_be_sent_spends_nothing(configure: Configure) -> None:
    configure(TEXT="【别家】{code}")
    with pytest.raises(InvalidMessage):
        send_code(MOBILE, PURPOSE)
    configure()
    assert send_code(MOBILE, PURPOSE).status == "queued"


def test_rolled_back_is_not_sent_and_not_spent(broker: FakeBroker) -> None:
    with transaction.atomic():
        send_code(MOBILE, PURPOSE)
        transaction.set_rollback(True)
    assert broker.take() == []
    assert send_code(MOBILE, PURPOSE).status == "queued"


def test_a_row_purged_between_its_making_and_its_locking_is_made_again() -> None:
    now = timezone.now()
    with transaction.atomic():
        assert set(CodeQuota.objects.lock(["site", "number:1"], now=now)) == {"site", "number:1"}


# Resending


def test_a_resend_makes_a_new_code_and_the_old_one_is_dead(configure: Configure) -> None:
    configure(INTERVAL=0)
    first, second = code_in(send_code(MOBILE, PURPOSE)), code_in(send_code(MOBILE, PURPOSE))
    assert first == second or not verify_code(MOBILE, PURPOSE, first)
    assert verify_code(MOBILE, PURPOSE, second)


def test_a_resend_repeats_the_code_where_the_site_says_so(configure: Configure) -> None:
    configure(REPEAT_CODE=True)
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        first = send_code(MOBILE, PURPOSE)
        code = code_in(first)
        clock.shift(200)
        second = send_code(MOBILE, PURPOSE)
        assert code_in(second) == code
        assert second.pk != first.pk
        row = VerificationCode.objects.get()
        assert (row.sends, row.message, row.expires_at) == (2, second, second.expires_at)
        assert code_in(send_code(OTHER, PURPOSE)) != code
        clock.shift(200)
        assert verify_code(MOBILE, PURPOSE, code)
        assert code_in(send_code(MOBILE, PURPOSE)) != code


@pytest.mark.parametrize("end", ["entered", "tried out", "too old", "other length"])
def test_what_is_over_is_not_repeated(configure: Configure, end: str) -> None:
    configure(REPEAT_CODE=True, INTERVAL=0)
    first = send_code(MOBILE, PURPOSE)
    row = VerificationCode.objects.get()
    changes: dict[str, dict[str, Any]] = {
        "entered": {"entered_at": timezone.now()},
        "tried out": {"tries": 5},
        "too old": {"expires_at": timezone.now()},
        "other length": {"length": 4},
    }
    VerificationCode.objects.update(**changes[end])
    send_code(MOBILE, PURPOSE)
    again = VerificationCode.objects.first()
    assert again is not None
    assert again.nonce != row.nonce
    assert first.pk != again.message_id


# Numbers that the site does not know


def test_pretending_records_the_same_and_sends_nothing(broker: FakeBroker, wire: FakeWire) -> None:
    message = pretend_code(MOBILE, PURPOSE, ip=IP)
    for pk in broker.take_pks():
        submit_message(pk)
    message.refresh_from_db()
    assert message.status == "cancelled"
    assert wire.forms == []
    row = VerificationCode.objects.get()
    assert (row.decoy, row.message) == (True, None)
    assert not verify_code(MOBILE, PURPOSE, row.derive())


@pytest.mark.parametrize("repeat", [False, True])
def test_both_take_the_same_statements(configure: Configure, repeat: bool) -> None:
    configure(INTERVAL=0, REPEAT_CODE=repeat)
    kinds = []
    for call, mobile in ((send_code, "13800138001"), (pretend_code, "13800138002")):
        call(mobile, PURPOSE, ip=IP)
        with CaptureQueriesContext(connection) as queries:
            call(mobile, PURPOSE, ip=IP)
        kinds.append([query["sql"].split(" ")[0] for query in queries])
    assert kinds[0] == kinds[1]
    assert kinds[0].count("UPDATE") >= 2


def test_both_meet_the_same_limits(configure: Configure) -> None:
    configure(INTERVAL=0, NUMBER_PER_DAY=2)
    for one, other in ((send_code, pretend_code), (pretend_code, send_code)):
        mobile = MOBILE if one is send_code else OTHER
        one(mobile, PURPOSE)
        other(mobile, PURPOSE)
        refused = []
        for call in (send_code, pretend_code):
            with pytest.raises(CodeThrottled) as caught:
                call(mobile, PURPOSE)
            refused.append((caught.value.reason, str(caught.value)))
        assert refused[0] == refused[1]


def test_a_decoy_is_not_repeated_as_a_code(configure: Configure) -> None:
    configure(REPEAT_CODE=True, INTERVAL=0)
    pretend_code(MOBILE, PURPOSE)
    message = send_code(MOBILE, PURPOSE)
    assert verify_code(MOBILE, PURPOSE, code_in(message))
