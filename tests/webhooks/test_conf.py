"""``IHUYI["WEBHOOKS"]``: absent is off, and a wrong value is reported."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import modify_settings
from pytest_django import Settings

from django_ihuyi.conf import problems as setting_problems
from django_ihuyi.webhooks.conf import get_retention_days, get_webhooks, has_webhooks


def found(raw: object, queues: object = {}) -> list[str]:
    webhooks = {
        "ACCOUNTS": {"default": {"ACCOUNT": "cf_x", "API_KEY": "k"}},
        "PUSH_TOKENS": ["x" * 20],
        "WEBHOOKS": {"QUEUE": "webhooks", **raw} if isinstance(raw, dict) else raw,
        "QUEUES": queues,
    }
    return [f"{problem.id} {problem.text}" for problem in setting_problems.problems(webhooks)]


@pytest.mark.parametrize("raw", [None, {}, {"ALLOWED_NETWORKS": ["10.1.0.0/16", "fd00::/8"], "PORTS": (443, 8443)}])
def test_what_is_right(raw: object) -> None:
    assert found(raw) == []


CODES = "W009 IHUYI['QUEUES'] has no queue for verification codes alone"
WEBHOOKS = "W009 IHUYI['WEBHOOKS'] has no QUEUE of its own"
QUEUES: dict[str, tuple[dict[str, Any] | None, dict[str, Any], list[str]]] = {
    "nothing": (None, {}, []),
    "all apart": ({"QUEUE": "webhooks"}, {"verification": "codes", "marketing": "campaigns"}, []),
    "codes with notices": (None, {"verification": "codes", "notification": "codes", "marketing": "campaigns"}, []),
    "no queue for codes": (None, {"marketing": "campaigns"}, [CODES]),
    "codes in the usual queue": (None, {"verification": None, "marketing": "campaigns"}, [CODES]),
    "codes with campaigns": (None, {"verification": "sms", "marketing": "sms"}, [CODES]),
    "no queue for webhooks": ({"QUEUE": None}, {}, [WEBHOOKS]),
    "webhooks with campaigns": ({"QUEUE": "b"}, {"verification": "a", "marketing": "b"}, [WEBHOOKS]),
    "neither": ({"QUEUE": None}, {"marketing": "campaigns"}, [CODES, WEBHOOKS]),
}


@pytest.mark.parametrize(("webhooks", "queues", "says"), QUEUES.values(), ids=QUEUES)
def test_queues__that_codes_or_webhooks_share__are_warned_of(
    webhooks: dict[str, Any] | None, queues: dict[str, Any], says: list[str]
) -> None:
    assert [text.partition(":")[0] for text in found(webhooks, queues)] == says


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMEOUT", 10),
        ("TIMEOUT", (0, 1)),
        ("MAX_ATTEMPTS", 0),
        ("QUEUE", ""),
        ("QUEUE", 7),
        ("ALLOWED_NETWORKS", "10.0.0.0/8"),
        ("ALLOWED_NETWORKS", ["10.0.0.1/8"]),
        ("ALLOWED_NETWORKS", [10]),
        ("PORTS", []),
        ("PORTS", [0]),
        ("PORTS", [65536]),
        ("PORTS", ["443"]),
        ("PORTS", 443),
        ("ALLOW_HTTP", "yes"),
        ("ROTATION_HOURS", -1),
        ("RETENTION_DAYS", 0),
        ("RETENTION_DAYS", "30"),
    ],
)
def test_what_is_wrong(name: str, value: object) -> None:
    assert found({name: value}) == [f"E003 IHUYI['WEBHOOKS'][{name!r}] has a wrong value."]


@pytest.mark.parametrize(("raw", "number"), [([], "E001"), ({"TIMEOUTS": 1}, "E002")])
def test_what_is_no_such_dict(raw: object, number: str) -> None:
    assert [text[:4] for text in found(raw)] == [number]


@pytest.mark.parametrize(("raw", "on"), [(None, False), ({}, True), ({"ROTATION_HOURS": 2}, True)])
def test_what_is_read(raw: dict[str, Any] | None, on: bool, settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": raw}
    assert has_webhooks() is on
    options = get_webhooks()
    assert (options is not None) is on
    if options is not None:
        assert options.rotation == timedelta(hours=(raw or {}).get("ROTATION_HOURS", 24))
        assert list(options.ports) == [443]


@pytest.mark.parametrize(
    ("webhooks", "every", "days"),
    [
        (None, None, None),
        (None, 90, 90),
        ({}, None, None),
        ({}, 90, 90),
        ({}, {"receipts": 90}, None),
        ({"RETENTION_DAYS": 7}, None, 7),
        ({"RETENTION_DAYS": 7}, 90, 7),
        ({"RETENTION_DAYS": 7}, {"receipts": 90}, 7),
        ({"RETENTION_DAYS": None}, 90, 90),
    ],
)
def test_retention_days__own_and_one_number_for_all__own_is_preferred(
    webhooks: dict[str, Any] | None, every: object, days: int | None, settings: Settings
) -> None:
    settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": webhooks, "RETENTION_DAYS": every}
    assert get_retention_days() == days


def test_section__without_the_app__switches_nothing_on(settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": {"PORTS": 443}}
    with modify_settings(INSTALLED_APPS={"remove": ["django_ihuyi.webhooks"]}):
        assert (has_webhooks(), get_webhooks()) == (False, None)
    assert has_webhooks()
