"""Fifty requests at the same moment: every limit holds to the one, whatever the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi import send_code, verify_code
from django_ihuyi.exceptions import CodeThrottled
from django_ihuyi.models import Message
from django_ihuyi.signals import bombing_over, bombing_suspected
from django_ihuyi.verification.models import Suspicion, VerificationCode
from tests.concurrency import run_concurrently
from tests.fakes import FakeBroker
from tests.signal_recorder import SignalRecorder

from .code_text import MOBILE, PURPOSE, another, code_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]

MANY = 50


def ask(mobile: str = MOBILE, ip: str | None = None) -> str:
    try:
        send_code(mobile, PURPOSE, ip=ip)
    except CodeThrottled as refusal:
        return str(refusal.reason) if refusal.retry_after >= 1 else "no wait"
    return "sent"


def mobiles(same_prefix: bool = False) -> list[str]:
    return [f"1380013{index:04}" if same_prefix else f"138{index:04}8000" for index in range(MANY)]


LIMITS: list[tuple[str, dict[str, int], list[Callable[[], str]], Counter[str]]] = [
    ("interval", {}, [ask] * MANY, Counter(sent=1, interval=MANY - 1)),
    ("number", {"INTERVAL": 0}, [ask] * MANY, Counter(sent=5, number=MANY - 5)),
    (
        "address",
        {"ADDRESS_PER_HOUR": 7},
        [partial(ask, mobile, ip="203.0.113.7") for mobile in mobiles()],
        Counter(sent=7, address=MANY - 7),
    ),
    (
        "IPv6 network",
        {"ADDRESS_PER_DAY": 7},
        [partial(ask, mobile, ip=f"2001:db8:1:2::{index:x}") for index, mobile in enumerate(mobiles())],
        Counter(sent=7, address=MANY - 7),
    ),
    (
        "prefix",
        {"PREFIX_PER_HOUR": 9},
        [partial(ask, mobile, ip=f"203.0.113.{index}") for index, mobile in enumerate(mobiles(same_prefix=True))],
        Counter(sent=9, prefix=MANY - 9),
    ),
    (
        "site",
        {"SITE_PER_DAY": 11},
        [partial(ask, mobile, ip=f"203.0.113.{index}") for index, mobile in enumerate(mobiles())],
        Counter(sent=11, site=MANY - 11),
    ),
]


@pytest.mark.parametrize(("options", "calls", "answers"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS])
def test_a_limit_holds_to_the_one(
    settings: Settings, options: dict[str, int], calls: list[Callable[[], str]], answers: Counter[str]
) -> None:
    settings.IHUYI = {**settings.IHUYI, "VERIFICATION": options}
    assert Counter(run_concurrently(*calls)) == answers
    assert Message.objects.count() == VerificationCode.objects.count() == answers["sent"]


def ask_in_a_transaction(mobile: str = MOBILE, ip: str | None = None) -> str:
    """As a view does under ``ATOMIC_REQUESTS``: a refusal rolls everything back."""
    with suppress(Refused), transaction.atomic():
        answer = ask(mobile, ip)
        if answer != "sent":
            raise Refused
    return answer


class Refused(Exception):  # noqa: N818  a refusal is no error
    pass


def test_inside_transactions_of_the_callers_too() -> None:
    assert Counter(run_concurrently(*[ask_in_a_transaction] * MANY)) == Counter(sent=1, interval=MANY - 1)
    calls = [
        partial(ask_in_a_transaction, mobile, ip=f"203.0.113.{index}")
        for index, mobile in enumerate(f"1390013{index:04}" for index in range(40))
    ]
    assert Counter(run_concurrently(*calls)) == Counter(sent=40)


def test_one_number_one_sms(broker: FakeBroker) -> None:
    run_concurrently(*[ask] * MANY)
    assert len(broker.take()) == 1


def test_the_right_code_many_times_at_once_is_right_once(settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "VERIFICATION": {"MAX_TRIES": MANY, "INTERVAL": 0}}
    for _ in range(3):
        code = code_in(send_code(MOBILE, PURPOSE))
        assert Counter(run_concurrently(*[partial(verify_code, MOBILE, PURPOSE, code)] * 10)) == {True: 1, False: 9}


def test_many_sweeps_one_suspicion(heard: SignalRecorder) -> None:
    heard.listen(bombing_suspected, bombing_over)
    now = timezone.now()
    assert sum(run_concurrently(*[lambda: Suspicion.objects.suspect("site", sent=9, entered=0, now=now)] * 8)) == 1
    row = Suspicion.objects.get()
    assert sum(run_concurrently(*[lambda: Suspicion.objects.lift(row)] * 8)) == 1
    assert len(heard[bombing_suspected]) == len(heard[bombing_over]) == 1


def test_many_guesses_at_once_are_no_more_than_the_tries() -> None:
    code = code_in(send_code(MOBILE, PURPOSE))
    assert not any(run_concurrently(*[partial(verify_code, MOBILE, PURPOSE, another(code))] * MANY))
    assert VerificationCode.objects.get().tries == 5
    assert not verify_code(MOBILE, PURPOSE, code)
