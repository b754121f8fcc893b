"""A template's text taken apart at its placeholders: filled with variables, and recognised in a whole text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

PLACEHOLDER = "【变量】"
"""How ihuyi writes a variable in a template's text (PROTOCOL 1)."""

_BRACKET = re.compile("[【】]")


@lru_cache(maxsize=1024)
def pieces_of(text: str) -> tuple[str, ...]:
    """Return what stands before, between and after the variables: one piece more than there are variables."""
    return tuple(text.split(PLACEHOLDER))


def has_stray_bracket(text: str) -> bool:
    """Whether a template has a bracket that belongs to no placeholder: the gateway takes it for a signature."""
    return any(_BRACKET.search(piece) for piece in pieces_of(text))


def fill(text: str, values: Sequence[str]) -> str:
    """Put values in the places of the variables.

    Args:
        text: A template's text.
        values: As many values as it has variables, in order.

    Returns:
        The whole text, without a signature.
    """
    first, *others = pieces_of(text)
    return first + "".join(value + piece for value, piece in zip(values, others, strict=True))


def fits(text: str, content: str) -> bool:
    """Whether a whole text is this template with something in each place of a variable, punctuation exact.

    No regular expression: each piece is looked for once, behind the one before, so that the time is linear however
    many variables there are. The first place found is right, because it leaves the most room for what follows.

    Args:
        text: A template's text.
        content: A whole text, without a signature.
    """
    first, *others = pieces_of(text)
    if not others:
        return content == text
    *between, last = others
    end = len(content) - len(last)
    if not content.startswith(first) or not content.endswith(last):
        return False
    position = len(first)
    for piece in between:
        # A variable has one character at least.
        found = content.find(piece, position + 1, end)
        if found < 0:
            return False
        position = found + len(piece)
    return position < end
