"""``verify_code``: right once, for its number and purpose, in its time and within its tries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from django_ihuyi import offer_code, send_code, verify_code
from django_ihuyi.verification.models import VerificationCode

from .code_text import MOBILE, PURPOSE, another, code_in
from .conftest import Configure

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]


@pytest.fixture
def code(db: None) -> str:
    return code_in(send_code(MOBILE, PURPOSE))


def test_right_once(code: str) -> None:
    assert verify_code(MOBILE, PURPOSE, code)
    assert not verify_code(MOBILE, PURPOSE, code)
    assert VerificationCode.objects.get().entered_at is not None


FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
TYPED: list[tuple[str, Callable[[str], str]]] = [
    ("white space", lambda code: f" {code[:3]} {code[3:]}\n"),
    ("dash", lambda code: f"{code[:3]}-{code[3:]}"),
    ("full width", lambda code: code.translate(FULL_WIDTH)),
]


@pytest.mark.parametrize("typed", [row[1] for row in TYPED], ids=[row[0] for row in TYPED])
def test_however_it_is_typed(code: str, typed: Callable[[str], str]) -> None:
    assert verify_code("+86 138 0013 8000", PURPOSE, typed(code))


@pytest.mark.parametrize(
    ("mobile", "purpose"),
    [("13900139000", PURPOSE), (MOBILE, "log-in"), ("nonsense", PURPOSE), ("", PURPOSE)],
    ids=["other number", "other purpose", "no number", "empty number"],
)
def test_for_its_number_and_purpose_only(code: str, mobile: str, purpose: str) -> None:
    assert not verify_code(mobile, purpose, code)
    assert verify_code(MOBILE, PURPOSE, code)


def test_dead_after_wrong_tries(code: str) -> None:
    for _ in range(4):
        assert not verify_code(MOBILE, PURPOSE, another(code))
    assert verify_code(MOBILE, PURPOSE, code)
    again = VerificationCode.objects.get()
    VerificationCode.objects.update(entered_at=None)
    assert again.tries == 5
    assert not verify_code(MOBILE, PURPOSE, code)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "①②③④⑤⑥x", "-1-2-3"])
def test_what_cannot_be_a_code_costs_no_try(code: str, typed: str) -> None:
    assert not verify_code(MOBILE, PURPOSE, typed)
    assert VerificationCode.objects.get().tries == 0


@pytest.mark.parametrize(("seconds", "right"), [(299, True), (300, False)])
def test_in_its_time(configure: Configure, seconds: int, right: bool) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        code = code_in(send_code(MOBILE, PURPOSE))
        clock.shift(timedelta(seconds=seconds))
        assert verify_code(MOBILE, PURPOSE, code) is right


def test_tries_are_those_of_the_settings(configure: Configure) -> None:
    configure(MAX_TRIES=1)
    code = code_in(send_code(MOBILE, PURPOSE))
    assert not verify_code(MOBILE, PURPOSE, another(code))
    assert not verify_code(MOBILE, PURPOSE, code)


def test_a_changed_length_leaves_codes_on_their_way_alone(configure: Configure, code: str) -> None:
    configure(CODE_LENGTH=4)
    assert verify_code(MOBILE, PURPOSE, code)


def test_a_changed_secret_key(settings: Settings, code: str) -> None:
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another"
    assert not verify_code(MOBILE, PURPOSE, code)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert verify_code(MOBILE, PURPOSE, code)


def test_a_row_given_to_another_number_is_worth_nothing(code: str) -> None:
    VerificationCode.objects.update(mobile="13900139000")
    assert not verify_code("13900139000", PURPOSE, code)


def test_known_or_not_costs_the_same_statements(
    configure: Configure, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for mobile, call in (("13800138001", send_code), ("13800138002", partial(offer_code, known=False))):
        call(mobile, PURPOSE)
        code = VerificationCode.objects.filter(mobile=mobile).get().derive()
        with django_assert_num_queries(2):
            assert not verify_code(mobile, PURPOSE, another(code))
