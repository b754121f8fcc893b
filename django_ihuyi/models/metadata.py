"""Metadata of messages: JSON that every database can store."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

MAX_LENGTH = 4096
"""Characters of JSON. Lists, workers and pushes read whole rows, so what each row has must be small."""
MAX_LEVELS = 20
"""Levels of objects and lists, one in another. MariaDB refuses more than 31, and Python's parser and writer fail at
several hundred, at how many depends on their caller."""
_READABLE_LEVELS = 200
"""Read back from rows that something else wrote, such as a statement of the site's own."""
UNREADABLE: Mapping[str, Any] = {"unreadable": True}
"""What is read in place of metadata that cannot be parsed or written out again."""

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""Characters that PostgreSQL, or the encoding on the way to a database, does not take."""
UNSTORABLE_NAME = "a character that a database does not take: NUL, or half of a surrogate pair"


def check_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Check what a caller notes with a message.

    Args:
        metadata: An object of texts, numbers, truth values, null, lists and other objects.

    Returns:
        A copy of its first level.

    Raises:
        ValueError: It has a value that JSON does not have, or is too large or too deep. The text names a type at most,
            never a value.
    """
    found = dict(metadata)
    # Each value takes at least one character.
    fault = _find_problem(found, most_levels=MAX_LEVELS, most_values=MAX_LENGTH)
    if fault is None and not _is_short(found):
        fault = _TOO_LONG
    if fault is not None:
        raise ValueError(f"metadata {fault}.")
    return found


class MetadataField(models.JSONField):
    """A column of metadata. Whatever is in it can be read: a row that a worker cannot read would never be sent, and one
    that cannot be shown would take a whole list with it.
    """

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:  # noqa: ANN401  whatever JSON holds
        """Return the value, or :data:`UNREADABLE`."""
        try:
            read = super().from_db_value(value, expression, connection)
        except (RecursionError, ValueError):
            return dict(UNREADABLE)
        fault = _find_problem(read, most_levels=_READABLE_LEVELS)
        return read if fault is None else dict(UNREADABLE)


_TOO_LONG = f"is longer than {MAX_LENGTH} characters of JSON"


def _is_short(found: dict[str, Any]) -> bool:
    try:
        return len(json.dumps(found, ensure_ascii=False)) <= MAX_LENGTH
    except ValueError:  # an integer of more digits than Python writes
        return False


def _find_problem(value: object, *, most_levels: int, most_values: float = math.inf) -> str | None:
    """Say what is wrong with a value, without recursion: it may be deeper than Python's stack."""
    left: list[tuple[object, int]] = [(value, 1)]
    seen = 0
    while left:
        one, level = left.pop()
        seen += 1
        if not isinstance(one, dict | list | tuple):
            fault = _problem_of(one)
        elif level > most_levels:
            fault = f"is nested more than {most_levels} levels deep"
        elif seen + len(left) + len(one) > most_values:
            fault = _TOO_LONG
        else:
            fault = next(filter(None, map(_problem_of, one)), None) if isinstance(one, dict) else None
            left += ((item, level + 1) for item in (one.values() if isinstance(one, dict) else one))
        if fault is not None:
            return fault
    return None


def _problem_of(one: object) -> str | None:
    """Say what is wrong with a value that is neither object nor list."""
    if isinstance(one, str):
        return f"has {UNSTORABLE_NAME}" if UNSTORABLE.search(one) else None
    if isinstance(one, float):
        return None if math.isfinite(one) else "has NaN or Infinity, which JSON does not have"
    if one is None or isinstance(one, int):
        return None
    return f"has a value of the type {type(one).__name__}, which JSON does not have"
