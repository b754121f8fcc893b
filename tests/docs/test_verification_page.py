"""The page of verification codes: its snippets run, and its tables name what the code has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from django_ihuyi.conf import problems as setting_problems
from django_ihuyi.exceptions import CodeThrottled, ThrottleReason
from django_ihuyi.models import Message
from django_ihuyi.verification.conf import get_verification
from django_ihuyi.verification.models import VerificationCode
from django_ihuyi.verification.rate_limits import Policy
from tests.attack.simulation import SCENARIOS

from .markdown_reader import blocks, code_in, tables

PAGE = "docs/verification.md"
MOBILE = "13800138000"


@pytest.fixture
def page(db: None, broker: None, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The names that the page's snippets define."""
    names: dict[str, Any] = {}
    for block in blocks(PAGE, "python"):
        exec(block.text, names)
    assert capsys.readouterr().out == "False\n"
    return names


def test_the_views_work(page: dict[str, Any]) -> None:
    make = RequestFactory().post
    answers = [page["ask_for_code"](make("/", {"mobile": MOBILE})) for _ in range(2)]
    assert [json.loads(answer.content) for answer in answers] == [
        {"error": None},
        {"error": "later", "retry_after": 60},
    ]
    assert page["ask_for_code"](make("/", {"mobile": "1"})).status_code == 400
    code = VerificationCode.objects.get().derive()
    assert json.loads(page["enter_code"](make("/", {"mobile": MOBILE, "code": code})).content) == {"right": True}


def test_its_settings_are_right_and_ask_for_a_captcha(page: dict[str, Any], settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "VERIFICATION": page["VERIFICATION"]}
    assert list(setting_problems.problems(settings.IHUYI)) == []
    assert page["ask_for_code"](RequestFactory().post("/", {"mobile": MOBILE})).status_code == 403


def test_its_own_captcha_works(page: dict[str, Any], settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.docs.test_verification_page.check", page["check"], raising=False)
    settings.IHUYI = {**settings.IHUYI, "VERIFICATION": {"CAPTCHA": f"{__name__}.check", "CAPTCHA_WHEN": "always"}}
    with pytest.raises(CodeThrottled):
        page["send_code"](MOBILE, "x", captcha="another answer")
    assert page["send_code"](MOBILE, "x", captcha="the answer of a captcha service").pk


def test_the_reset_tells_nobody_who_is_a_customer(page: dict[str, Any], django_user_model: Any) -> None:
    django_user_model.objects.create_user(MOBILE)
    for mobile, status in ((MOBILE, "queued"), ("13900139000", "cancelled")):
        assert page["send_reset_code"](mobile, "203.0.113.7").status == status
        with pytest.raises(CodeThrottled, match="60 s"):
            page["send_reset_code"](mobile, "203.0.113.7")
    assert Message.objects.count() == 2


def test_every_limit_is_in_the_table_with_its_default(settings: Settings) -> None:
    limits, attack = tables(PAGE)
    assert [code_in(row[0]) for row in limits[1:]] == [reason.value for reason in ThrottleReason]
    stated = {code_in(row[0]): row[2] for row in limits[1:]}
    for windows in Policy(get_verification()).limits(MOBILE, "203.0.113.7", purpose="sign-up").values():
        for window in windows:
            number = window.seconds if window.name == "interval" else window.limit
            assert f"{number:,}" in stated[window.reason].split(" ")
    assert [row[0] for row in attack[1:]] == list(SCENARIOS)
