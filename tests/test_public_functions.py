"""The functions that ``from django_ihuyi import ...`` gives explain themselves, once Django is set up."""

from __future__ import annotations

import inspect

import pytest

import django_ihuyi
from django_ihuyi.outbound.sending import send_sms

NAMES = [name for name in django_ihuyi.__all__ if not name.startswith("__")]


@pytest.mark.parametrize("name", NAMES)
def test_help_tells_of_each_argument(name: str) -> None:
    function = getattr(django_ihuyi, name)
    named = inspect.signature(function).parameters
    assert "args" not in named
    told = inspect.getdoc(function)
    assert told is not None
    assert [parameter for parameter in named if f"{parameter}:" not in told] == []


def test_they_are_those_of_their_homes() -> None:
    assert inspect.signature(django_ihuyi.send_sms) == inspect.signature(send_sms)
    assert inspect.getdoc(django_ihuyi.send_sms) == inspect.getdoc(send_sms)
