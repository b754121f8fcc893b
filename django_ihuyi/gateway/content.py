"""Checks of texts and template variables that the gateway would refuse (PROTOCOL 1 and 3).

The products (:mod:`.products`) say which of these rules are theirs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol

import emoji

from ..arguments import wrong_type
from ..exceptions import InvalidMessage

_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")
_BRACKET = re.compile("[【】]")
SEPARATOR = "|"
"""What stands between a template's variables, on the wire and in the record."""


class Limits(Protocol):
    """What an account's settings say of its texts."""

    @property
    def signature(self) -> str:
        """The signature, without its brackets."""
        ...

    @property
    def max_length(self) -> int:
        """The longest text, in characters."""
        ...

    @property
    def max_variable_length(self) -> int:
        """A template's longest variable, in characters."""
        ...


_TEXT_STYLE = "\ufe0e"
"""The variation selector that asks for the text form of the character before it."""
_REGIONAL_INDICATOR = re.compile("[\U0001f1e6-\U0001f1ff]")
"""Two of them are a flag; a single one is shown as an emoji too."""


@cache
def _emoji_characters() -> frozenset[str]:
    """Every character beyond ASCII that an emoji has: a text without one of them has no emoji."""
    return frozenset(character for sequence in emoji.EMOJI_DATA for character in sequence if not character.isascii())


def find_emoji(text: str) -> int | None:
    """Return where the first emoji of a text begins, from 0; None if it has none.

    A character that Unicode shows as text unless a variation selector follows (``®``, ``☎``, ``❤``) is text without
    one, and so is any emoji in front of U+FE0E. Digits, ``#`` and ``*`` are text, and emoji as keycaps.
    """
    if _emoji_characters().isdisjoint(text):
        return None
    found: list[Any] = emoji.emoji_list(text)
    starts = [match["match_start"] for match in found if _is_shown_as_emoji(match["emoji"], text[match["match_end"] :])]
    indicator = _REGIONAL_INDICATOR.search(text)
    return min([*starts, *([indicator.start()] if indicator else [])], default=None)


def _is_shown_as_emoji(sequence: str, rest: str) -> bool:
    if len(sequence) > 1:
        return True
    by_itself_text = emoji.EMOJI_DATA[sequence]["status"] == emoji.STATUS["unqualified"]
    return not by_itself_text and not rest.startswith(_TEXT_STYLE)


def check_text(content: str | None, account: Limits) -> str:
    """Check a whole text as the gateway would (PROTOCOL 1 and 3).

    Args:
        content: The text; the account's own signature in front is taken off, since the gateway adds it.
        account: Whose limits apply.

    Returns:
        The text to submit.

    Raises:
        InvalidMessage: 404 empty, 407 characters that no SMS can carry, 4070 a signature in the text, 4073 too
            long, 4074 an emoji. Its text says where, never what.
    """
    text = (content or "").removeprefix(f"【{account.signature}】")
    if not text.strip():
        raise InvalidMessage(404, "The text is empty.")
    _check_characters(text, "The text")
    check_length(text, account)
    return text


def check_length(text: str, account: Limits) -> None:
    """Check a text's length.

    Args:
        text: The text without the signature.
        account: Whose limit applies.

    Raises:
        InvalidMessage: 4073.
    """
    if len(text) > account.max_length:
        raise InvalidMessage(
            4073,
            f"The text has {len(text)} characters; the account's limit (MAX_LENGTH) is {account.max_length}.",
        )


def check_params(params: Sequence[object] | Mapping[str, object] | None, account: Limits) -> str:
    """Check a template's variables and join them as the gateway wants them.

    Args:
        params: The values in the template's order, or a dict in that order.
        account: Whose limits apply.

    Returns:
        The variables joined by ``|``.

    Raises:
        InvalidMessage: 404 no variable or an empty one, 40722 one that is too long or contains ``|``, and what
            :func:`check_text` refuses in a text. Its text says which variable, never its value.
    """
    named: list[tuple[str, object]]
    if isinstance(params, Mapping):
        named = [(repr(name), value) for name, value in params.items()]
    else:
        values = [params] if isinstance(params, str) else list(params or ())
        named = [(str(index), value) for index, value in enumerate(values, start=1)]
    if not named:
        raise InvalidMessage(404, "The template has no variables: give them as params.")
    joined = SEPARATOR.join(_check_variable(name, value, account) for name, value in named)
    if len(joined) > account.max_length:
        raise InvalidMessage(4073, f"The variables have {len(joined)} characters; the limit is {account.max_length}.")
    return joined


def count_segments(text: str, signature: str) -> int:
    """Count the billed parts of a text.

    Args:
        text: The text without its signature.
        signature: The signature without its brackets; it counts, brackets included.

    Returns:
        1 up to 70 characters, beyond that one for every 67 begun (PROTOCOL 1, Billing).
    """
    length = len(text) + len(signature) + 2
    return 1 if length <= 70 else math.ceil(length / 67)


def _check_variable(name: str, given: object, account: Limits) -> str:
    if isinstance(given, bytes | bytearray):
        raise wrong_type(f"Variable {name}", given, "a text", code=404)
    # What is not there must not reach a person as the word "None".
    value = "" if given is None else str(given)
    if not value.strip():
        raise InvalidMessage(404, f"Variable {name} is empty.")
    _check_characters(value, f"Variable {name}")
    if SEPARATOR in value:
        raise InvalidMessage(40722, f"Variable {name} contains {SEPARATOR!r}, which separates the variables.")
    if len(value) > account.max_variable_length:
        limit = account.max_variable_length
        raise InvalidMessage(
            40722, f"Variable {name} has {len(value)} characters; the limit (MAX_VARIABLE_LENGTH) is {limit}."
        )
    return value


def _check_characters(text: str, what: str) -> None:
    unsendable = _UNSENDABLE.search(text)
    if unsendable:
        raise InvalidMessage(407, f"{what} has a character that no SMS can carry at position {unsendable.start() + 1}.")
    bracket = _BRACKET.search(text)
    if bracket:
        raise InvalidMessage(
            4070, f"{what} has {bracket[0]} at position {bracket.start() + 1}: the gateway takes it for a signature."
        )
    start = find_emoji(text)
    if start is not None:
        raise InvalidMessage(4074, f"{what} has an emoji at position {start + 1}.")
