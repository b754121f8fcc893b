"""The form fields, and what their inputs tell a browser and a screen reader."""

from __future__ import annotations

import re

import pytest
from django import forms
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.test import modify_settings
from django.utils import translation

import django_ihuyi.forms
from django_ihuyi.forms import MobileField, VerificationCodeField
from django_ihuyi.verification import forms as verification_forms


class _Form(forms.Form):
    mobile = MobileField()
    code = VerificationCodeField(help_text="Six digits.")


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("123456", "123456"),
        (" 123 456 ", "123456"),
        ("123-456", "123456"),
        ("123–456", "123456"),
        ("１２３４５６", "123456"),
        ("\u202d123456\u202c", "123456"),
        ("\ufeff123\u200b456", "123456"),
    ],
    ids=["plain", "spaces", "dashes", "long dash", "full width", "direction marks", "zero-width"],
)
def test_a_code_is_read_as_people_type_it(typed: str, digits: str) -> None:
    assert VerificationCodeField().clean(typed) == digits


@pytest.mark.parametrize(("typed", "code"), [("", "required"), ("12a4", "digits"), ("六位数字", "digits")])
def test_what_is_no_code_is_told(typed: str, code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        VerificationCodeField().clean(typed)
    assert caught.value.code == code
    assert typed == "" or typed not in str(caught.value)


def test_a_number_may_be_left_out_where_it_is_not_required() -> None:
    assert MobileField(required=False).clean("") == ""
    assert MobileField(required=False, empty_value=None).clean(" ") is None
    with pytest.raises(ValidationError, match="required"):
        MobileField().clean("  ")
    with pytest.raises(ValidationError, match="eleven digits"):
        MobileField(required=False).clean("12")


def test_the_inputs_say_what_they_are_for() -> None:
    page = str(_Form())
    [mobile, code] = re.findall(r"<input[^>]*>", page)
    assert {'type="tel"', 'autocomplete="tel"'} <= set(re.findall(r'[\w-]+="[^"]*"', mobile))
    attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', code))
    assert attributes["autocomplete"] == "one-time-code"
    assert attributes["inputmode"] == "numeric"
    # A code may be pasted with spaces.
    assert "maxlength" not in attributes
    for described in attributes["aria-describedby"].split():
        assert f'id="{described}"' in page
    assert "id_code_status" in attributes["aria-describedby"]
    assert 'role="status"' in page


def test_a_code_is_never_written_into_a_page() -> None:
    form = _Form({"mobile": "12", "code": "482913"})
    assert not form.is_valid()
    assert "482913" not in str(form)


def test_the_page_needs_no_script_or_style_in_it() -> None:
    # What a Content-Security-Policy of 'self' would not run.
    assert re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|javascript:", str(_Form()) + str(_Form().media)) is None
    assert 'src="/static/django_ihuyi/verification_code.js" defer' in str(_Form().media)


def test_two_forms_on_a_page_do_not_share_an_id() -> None:
    page = f"{_Form(prefix='a')}{_Form(prefix='b')}"
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_the_button_is_in_chinese() -> None:
    with translation.override("zh-hans"):
        assert "获取验证码" in str(_Form())


def test_code_field__imported_from_the_forms_of_the_core__is_that_of_verification() -> None:
    assert VerificationCodeField is verification_forms.VerificationCodeField
    assert not hasattr(django_ihuyi.forms, "NoSuchField")


@pytest.mark.parametrize("name", ["VerificationCodeField", "VerificationCodeInput"])
def test_code_field__without_verification__says_which_line_to_add(name: str) -> None:
    line = re.escape(f'{name} needs an app that is not installed. Add "django_ihuyi.verification" to INSTALLED_APPS.')
    with (
        modify_settings(INSTALLED_APPS={"remove": ["django_ihuyi.verification"]}),
        pytest.raises(ImproperlyConfigured, match=line),
    ):
        getattr(django_ihuyi.forms, name)
    assert getattr(django_ihuyi.forms, name) is getattr(verification_forms, name)
