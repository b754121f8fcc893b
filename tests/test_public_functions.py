"""The functions that ``from django_ihuyi import ...`` gives explain themselves, once Django is set up."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import modify_settings

import django_ihuyi
from django_ihuyi.sending.single import send_sms

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


CODES = {
    "offer_code": ("13800138000", "log-in"),
    "send_code": ("13800138000", "log-in"),
    "verify_code": ("13800138000", "log-in", "123456"),
}


@pytest.mark.parametrize(("name", "arguments"), CODES.items())
def test_function_of_codes__without_verification__says_which_line_to_add(name: str, arguments: tuple[str, ...]) -> None:
    with (
        modify_settings(INSTALLED_APPS={"remove": ["django_ihuyi.verification"]}),
        pytest.raises(ImproperlyConfigured) as caught,
    ):
        getattr(django_ihuyi, name)(*arguments)
    assert str(caught.value) == (
        f'{name}() needs an app that is not installed. Add "django_ihuyi.verification" to INSTALLED_APPS.'
    )


CORE_ALONE = """
import inspect, json
import django
from django.conf import settings

settings.configure(
    SECRET_KEY="x",
    USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_ihuyi"],
    IHUYI={"ACCOUNTS": {"default": {"ACCOUNT": "cf_x", "API_KEY": "k"}}},
)
django.setup()
from django.core.checks.registry import registry
from django.db.models.signals import post_save
import django_ihuyi

explained = [name for name in django_ihuyi.__all__ if callable(found := getattr(django_ihuyi, name))
             and "args" not in inspect.signature(found).parameters]
print(json.dumps({
    "explained": explained,
    "checks": sorted({check.__module__ for check in registry.get_checks() if "ihuyi" in check.__module__}),
    "receivers": sorted(receiver[0][0] for receiver in post_save.receivers if "ihuyi" in str(receiver[0][0])),
}))
"""


def test_set_up__with_the_core_alone__leaves_out_what_belongs_to_verification() -> None:
    done = subprocess.run([sys.executable, "-c", CORE_ALONE], check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == {
        "explained": ["BulkResult", "Refused", "send_bulk", "send_sms"],
        "checks": ["django_ihuyi.checks", "django_ihuyi.models.text_check"],
        "receivers": ["django_ihuyi.registration.welcome"],
    }
