"""``IHUYI["WEBHOOKS"]``: absent is off, and a wrong value is told of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from django_ihuyi import conf, setting_problems


def found(raw: object) -> list[str]:
    webhooks = {
        "ACCOUNTS": {"default": {"ACCOUNT": "cf_x", "API_KEY": "k"}},
        "PUSH_TOKENS": ["x" * 20],
        "WEBHOOKS": raw,
    }
    return [f"{problem.id} {problem.text}" for problem in setting_problems.problems(webhooks)]


@pytest.mark.parametrize("raw", [None, {}, {"ALLOWED_NETWORKS": ["10.1.0.0/16", "fd00::/8"], "PORTS": (443, 8443)}])
def test_what_is_right(raw: object) -> None:
    assert found(raw) == []


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
    assert conf.has_webhooks() is on
    options = conf.get_webhooks()
    assert (options is not None) is on
    if options is not None:
        assert options.rotation == timedelta(hours=(raw or {}).get("ROTATION_HOURS", 24))
        assert list(options.ports) == [443]
