"""The page of templates: its snippets print what they say; its states, codes, limits and permissions are the code's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from pytest_django import Settings

from django_ihuyi.admin.test_send import TEST_PURPOSE
from django_ihuyi.models import Template
from tests.features import our_labels
from tests.sending.template_factory import register

from .markdown_reader import blocks, code_in, read, tables

PAGE = "docs/templates.md"


@pytest.mark.django_db
@pytest.mark.usefixtures("broker")
def test_the_snippets_print_what_they_say(capsys: pytest.CaptureFixture[str], settings: Settings) -> None:
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "TEMPLATE_MATCHING": "refuse"}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account}}
    register()
    code = "\n".join(block.text for block in blocks(PAGE, "python"))
    names: dict[str, Any] = {}
    exec(code, names)
    assert capsys.readouterr().out.splitlines() == re.findall(r"print\(.*\)  # (.+)", code)


def test_the_states() -> None:
    rows = [(code_in(row[0]), row[2] == "yes") for row in tables(PAGE)[0][1:]]
    assert rows == [(state, Template(state=state).editable) for state in Template.State.values]


@pytest.mark.django_db
def test_the_permissions_and_limits() -> None:
    named = set(re.findall(r"`([a-z_]+)`", " ".join(row[0] for row in tables(PAGE)[-1][1:])))
    known = set(
        Permission.objects.filter(content_type__app_label__in=our_labels(adapters=False)).values_list(
            "codename", flat=True
        )
    )
    assert {name for name in known if "template" in name} - named == {
        "add_templatereview",
        "change_templatereview",
        "delete_templatereview",
    }
    assert named <= known
    [minute, day] = [most for _window, most in TEST_PURPOSE.limits]
    assert f"{minute} in a minute and {day} in a day" in read(PAGE)
