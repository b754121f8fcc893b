"""Metadata that no message can have."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext_lazy

from django_ihuyi.models.metadata import MAX_LENGTH, MAX_LEVELS


def nested(levels: int, inner: object = 1) -> dict[str, Any]:
    """Objects in objects, so many in all."""
    value: dict[str, Any] = {"a": inner}
    for _level in range(levels - 1):
        value = {"a": value}
    return value


def circular() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["a"] = value
    return value


BAD: dict[str, Callable[[], Any]] = {
    "NUL": lambda: {"a": "x\0y"},
    "NUL in a name": lambda: {"a\0": 1},
    "NUL far inside": lambda: {"a": [{"b": ["\0"]}]},
    "half of a surrogate pair": lambda: {"a": "\ud83d"},
    "the other half, in a name": lambda: {"\ude00": 1},
    "NaN": lambda: {"a": float("nan")},
    "Infinity": lambda: {"a": [float("inf")]},
    "minus Infinity": lambda: {"a": {"b": -float("inf")}},
    "a date": lambda: {"a": datetime.date(2026, 3, 5)},
    "a time": lambda: {"a": datetime.datetime(2026, 3, 5, tzinfo=datetime.UTC)},
    "a decimal": lambda: {"a": decimal.Decimal("1.5")},
    "a UUID": lambda: {"a": uuid.UUID(int=1)},
    "bytes": lambda: {"a": b"x"},
    "a set": lambda: {"a": {1}},
    "a lazy text": lambda: {"a": gettext_lazy("x")},
    "a mapping that is no dict": lambda: {"a": MappingProxyType({})},
    "a name that is a tuple": lambda: {(1, 2): 3},
    "an object of the site's": lambda: {"a": object()},
    "one level too many": lambda: nested(MAX_LEVELS + 1),
    "deeper than Python's stack": lambda: nested(5000),
    "itself": circular,
    "a character too many": lambda: {"a": "x" * (MAX_LENGTH - 8)},
    "a hundred thousand values": lambda: {"a": [0] * 100_000},
    "an integer that Python does not write": lambda: {"a": 10**5000},
}
