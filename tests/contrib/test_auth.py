"""The authentication backend: number and code instead of a password."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import authenticate, get_user_model

from django_ihuyi import send_code
from tests.verification.code_text import MOBILE, another, code_in

from .backend import UsernameCodeBackend

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> Any:
    return get_user_model().objects.create_user(MOBILE)


def ask() -> str:
    return code_in(send_code(MOBILE, "log-in"))


def test_the_right_code_lets_in_once(user: Any) -> None:
    code = ask()
    assert authenticate(mobile=MOBILE, code=another(code)) is None
    assert authenticate(mobile="+86 138 0013 8000", code=code) == user
    assert authenticate(mobile=MOBILE, code=code) is None


def test_a_code_for_something_else_lets_nobody_in(user: Any) -> None:
    assert authenticate(mobile=MOBILE, code=code_in(send_code(MOBILE, "sign-up"))) is None


@pytest.mark.parametrize("case", ["nobody", "inactive"])
def test_who_may_not_log_in_is_not_let_in_and_not_known(user: Any, case: str) -> None:
    backend = UsernameCodeBackend()
    assert backend.knows(MOBILE)
    if case == "nobody":
        user.delete()
    else:
        user.is_active = False
        user.save()
    assert not backend.knows(MOBILE)
    assert authenticate(mobile=MOBILE, code=ask()) is None


def test_a_number_of_two_people_is_nobodys(user: Any) -> None:
    class ByName(UsernameCodeBackend):
        mobile_field = "first_name"

    get_user_model().objects.create_user("one", first_name=MOBILE)
    assert ByName().knows(MOBILE)
    get_user_model().objects.create_user("two", first_name=MOBILE)
    assert not ByName().knows(MOBILE)


def test_a_number_that_somebody_only_typed_is_nobodys(user: Any) -> None:
    class Verified(UsernameCodeBackend):
        verified_field = "is_staff"

    assert not Verified().knows(MOBILE)
    assert Verified().authenticate(None, mobile=MOBILE, code=ask()) is None
    user.is_staff = True
    user.save()
    assert Verified().knows(MOBILE)


def test_what_is_no_number_and_other_credentials_are_none_of_its_business(user: Any) -> None:
    backend = UsernameCodeBackend()
    assert not backend.knows("nobody")
    assert backend.authenticate(None, mobile="nobody", code="123456") is None
    assert backend.authenticate(None, username=MOBILE, password="x") is None
