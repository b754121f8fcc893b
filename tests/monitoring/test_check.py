"""``ihuyi_check`` as a whole: its exit status, its JSON, its words, and how it is used."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError
from django.utils import timezone, translation
from pytest_django import Settings

from django_ihuyi.models import Heartbeat
from django_ihuyi.monitoring import health
from tests.fakes import FakeGateway
from tests.monitoring.helpers import paused, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def alive() -> None:
    now = timezone.now()
    Heartbeat.objects.create(name="sweep", beaten_at=now)
    Heartbeat.objects.create(name="queue:", asked_at=now - timedelta(seconds=1), beaten_at=now)


@pytest.mark.usefixtures("alive")
def test_all_is_well(wire: FakeGateway, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(11):
        status, text = run()
    assert status == 0, text
    assert {line.split()[0] for line in text.splitlines()} == {"OK"}
    assert {line.split()[1] for line in text.splitlines()} == {*health.all_checks()}
    assert "answers, 100 messages left" in text


@pytest.mark.usefixtures("alive")
def test_as_json(wire: FakeGateway) -> None:
    wire.answer({"code": 2, "msg": "", "num": "0"})
    status, text = run("--json")
    told = json.loads(text)
    assert (status, told["status"]) == (2, "CRITICAL")
    (bad,) = [check for check in told["checks"] if check["status"] != "OK"]
    assert (bad["check"], bad["subject"], bad["balance"], bad["advice"]) == (
        "gateway",
        "default",
        0,
        "Recharge in ihuyi's console.",
    )


@pytest.mark.parametrize(("tokens", "status"), [([], 1), (["x" * 20], 0)], ids=["a warning", "right"])
def test_the_settings(tokens: list[str], status: int, settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "PUSH_TOKENS": tokens}
    assert run("--only", "settings")[0] == status


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_sentence_ends_twice(language: str, settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "PUSH_TOKENS": []}
    paused(405)()
    with translation.override(language):
        text = run("--only", "pauses", "--only", "settings", "--only", "sweep")[1]
    assert len(re.findall(r"[.。] ?\S", text)) >= 2
    assert not re.search(r"[.。]\s*[.。]", text)
    assert not re.search(r"[\u4e00-\u9fff]\.|。 ", text)


def test_what_cannot_be_checked_is_said(settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "QUEUES": 7}
    status, text = run("--only", "queues")
    assert (status, "could not be checked (ImproperlyConfigured)" in text) == (3, True)


def test_in_chinese() -> None:
    with translation.override("zh-hans"):
        text = run("--only", "sweep")[1]
    assert "从未" in text


def test_wrong_use() -> None:
    with pytest.raises(CommandError) as caught:
        run("--timeout", "0")
    assert caught.value.returncode == 3
