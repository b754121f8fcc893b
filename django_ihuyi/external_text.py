"""Removes codes and numbers that texts of the gateway and the carriers may quote.

Every text from outside passes here before it is stored or logged. A number is masked in any writing. Of a
verification message, or where nobody knows yet which message is meant, everything that could be a code is hidden: a
run of four or more digits, or of four or more letters and digits with a digit among them. A carrier's status as a
whole, such as ``DELIVRD``, ``MK:0001`` or ``ID:0076``, stays as it came.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

from .masking import CODE, HIDDEN, SEPARATOR, mask_mobile

_LONGEST = 255
"""Characters of the columns that such texts are kept in: what is hidden may be longer than what it hides."""
_QUOTE = 4
"""Characters in a row that make words a quotation of a text."""
_SHORTEST = 3
"""Characters of what is looked for as a code: a digit alone stands in many words."""

_STATUS = re.compile(r"[A-Za-z]+(?:[_-][A-Za-z]+)*|(?:[A-Za-z]{2,10}[:_-]|M[A-Za-z]|ID)[0-9]{1,5}")
_BETWEEN = r"[\s.,\-–—_·/()]{0,3}"
"""What people and systems write between the digits of a number."""
_MAINLAND = re.compile(
    rf"(?<!\d)(?:(?:(?:\+|00){_BETWEEN})?86{_BETWEEN})?(1{_BETWEEN}[3-9](?:{_BETWEEN}\d){{9}})(?!\d)"
)
_SHORTEST_ABROAD = 9
"""Digits, with three of a country code."""
_ASCII = frozenset(" .-_+")
_BETWEEN_OF_A_CODE = r"[ .\-–—_·]?"
_DIGITS = re.compile(rf"\d(?:{_BETWEEN_OF_A_CODE}\d){{3,}}")
_LETTERS_AND_DIGITS = re.compile(r"(?<![A-Za-z\d])(?=[A-Za-z]*\d)[A-Za-z\d]{4,}(?![A-Za-z\d])")


def clean(
    words: str,
    *,
    mobile: str = "",
    about_code: bool = False,
    text: str = "",
    template: bool = False,
    any_run: bool = True,
) -> str:
    """Return words from outside without the numbers and codes that they quote.

    Args:
        words: What was answered or reported.
        mobile: The number that they are about, as the record has it.
        about_code: Whether what they are about may be a verification message.
        text: The text of that verification message, as far as it is known: what may be its code is hidden wherever
            it stands.
        template: Whether ``text`` is the variables of a template, of which any may be the code.
        any_run: Whether to hide also what ``text`` does not have and could be a code.

    Returns:
        The words as they came where nothing is hidden; else with letters and digits normalised (NFKC), without
        invisible characters, and no longer than 255 characters.
    """
    if not words or _STATUS.fullmatch(words.strip()):
        return words
    read = _normalize(words)
    hidden = _hide_numbers(read, mobile)
    if about_code:
        hidden = _LETTERS_AND_DIGITS.sub(HIDDEN, _DIGITS.sub(HIDDEN, hidden)) if any_run else hidden
        hidden = _hide_quoted(hidden, _normalize(text), template=template)
    return words if hidden == read else hidden[:_LONGEST]


def without_quoted_text(words: str, text: str) -> str:
    """Return words without what they quote of a text; a carrier's status stays as it is.

    Args:
        words: What was answered or reported.
        text: The text of the message that it is about.
    """
    return words if _STATUS.fullmatch(words.strip()) else _without_quotes(words, text)


def _without_quotes(words: str, text: str) -> str:
    quote = SequenceMatcher(None, words, text, autojunk=False).find_longest_match()
    if quote.size < _QUOTE:
        return words
    before, after = words[: quote.a], words[quote.a + quote.size :]
    return f"{_without_quotes(before, text)}{HIDDEN}{_without_quotes(after, text)}"


def _normalize(text: str) -> str:
    """Letters, digits and what stands between them in ASCII, and no invisible character; all else as it is."""
    return text if text.isascii() else "".join(map(_normalize_character, text))


def _normalize_character(character: str) -> str:
    if unicodedata.category(character) == "Cf":
        return ""
    normalised = unicodedata.normalize("NFKC", character)
    return normalised if normalised.isascii() and (normalised.isalnum() or normalised in _ASCII) else character


def _hide_numbers(words: str, mobile: str) -> str:
    digits = mobile.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        # Hashed, masked, or as the gateway pushed it and nobody could read it.
        words = words.replace(mobile, mask_mobile(mobile)) if len(mobile) >= _QUOTE else words
    elif len(digits) >= _QUOTE and not _MAINLAND.fullmatch(mobile):
        words = _abroad(digits).sub(mask_mobile(mobile), words)
    return _MAINLAND.sub(lambda found: mask_mobile("".join(filter(str.isdigit, found[1]))), words)


def _abroad(digits: str) -> re.Pattern[str]:
    """A number outside of mainland China, with or without its country code, which has up to three digits."""
    # Of a short one, as a push may have it, no part is left out: it would be found in any other number.
    own = 3 if len(digits) >= _SHORTEST_ABROAD else 0
    country = "".join(rf"(?:{digit}{_BETWEEN})?" for digit in digits[:own])
    return re.compile(rf"(?<!\d)(?:(?:\+|00){_BETWEEN})?{country}{_BETWEEN.join(digits[own:])}(?!\d)")


def _hide_quoted(words: str, text: str, *, template: bool) -> str:
    secrets = set(CODE.findall(text))
    if template:
        secrets.update(variable.strip() for variable in text.split(SEPARATOR))
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST and secret.strip("•"):
            words = re.sub(_BETWEEN_OF_A_CODE.join(map(re.escape, secret)), HIDDEN, words)
    return words
