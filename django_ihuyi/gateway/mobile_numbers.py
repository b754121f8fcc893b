"""Normalization of mobile numbers.

A mainland number is its eleven digits; any other is ``+``, country code and number (E.164), and is taken only where it
is written with its country code. So no number has two readings: ``13055550123`` is in China, ``+13055550123`` is not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import SupportsIndex

import phonenumbers

from ..arguments import read_text
from ..exceptions import InvalidMessage

MobileNumber = str | int | phonenumbers.PhoneNumber
"""What public functions take for a number."""

CHINA = 86
MAINLAND_PATTERN = "1[3-9][0-9]{9}"
"""Eleven digits that can be a mainland mobile number. New ranges come into use every year, and a library's list of them
is always behind: only the gateway knows."""
_MAINLAND = re.compile(MAINLAND_PATTERN)
_DIALLED = r"(?:0|1(?:[12][0-9]|79)[0-9]{2})?"
"""What is dialled in front of a mobile number within China: a trunk zero, or a carrier's prefix such as 17951."""
_DIGITS_IN_CHINA = re.compile(rf"(?:(?:00)?86)?{_DIALLED}({MAINLAND_PATTERN})")
_DIGITS_BEHIND_PLUS = re.compile(rf"86{_DIALLED}({MAINLAND_PATTERN})")
_WRITTEN = re.compile(r"[\d\s+＋()（）.．·\-‐-―−－]+")
"""What a written number consists of. Letters are refused: the phone library would read them as a vanity number."""
_DECIMAL = re.compile(r"([+＋]?\d+)[.．][0０]+|(.*\d)\s*[.．][0０]{1,2}", re.DOTALL)
"""A number that a spreadsheet wrote with decimals. A dot between groups of digits is a separator; nobody ends a number
with a group of one or two zeros, and digits, a dot and zeros alone are always decimals."""
_PLUS = re.compile("[+＋]")
_FROM_ABROAD = re.compile(r"[\s(（]*([+＋]|00)")
"""How a number begins that is written with its country code."""
_MOBILE = frozenset({phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE})
"""Kinds of number that can get an SMS; some countries' plans do not tell mobile from fixed."""
_COUNTRY = re.compile("[1-9][0-9]{0,2}")
_NO_COUNTRY = "001"
"""The library's region of numbers that are no country's."""


def mainland_pattern() -> str:
    """Return the pattern of eleven digits that are a mainland mobile number, for readers of every kind."""
    return MAINLAND_PATTERN


def find_mainland(text: str) -> str | None:
    """Return the eleven digits of a written mainland mobile number, or None if it is none."""
    if _MAINLAND.fullmatch(text):
        return text  # as most of them come
    text = _clean(text)
    if not _WRITTEN.fullmatch(text):
        return None
    # Not by the phone library: it knows some ranges only, and takes the beginning of others for a carrier's prefix.
    pattern = _DIGITS_BEHIND_PLUS if _PLUS.search(text) else _DIGITS_IN_CHINA
    found = pattern.fullmatch(phonenumbers.normalize_digits_only(text))
    return found[1] if found else None


def find_abroad(text: str) -> str | None:
    """Return the E.164 form of a written mobile number outside of mainland China, or None if it is none.

    Args:
        text: The number with its country code: ``+1 415 555 0123``, ``0014155550123``, ``(+852) 6123 4567``.
    """
    text = _clean(text)
    number = _parse(text) if _FROM_ABROAD.match(text) else None
    if number is None or number.country_code == CHINA or phonenumbers.number_type(number) not in _MOBILE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def require(mobile: object, find: Callable[[str], str | None], what: str) -> str:
    """Find a number, or refuse it as the gateway would.

    Args:
        mobile: A number as people write it: a text, also a lazy one; a whole number, as columns of numbers have it; or
            a ``phonenumbers.PhoneNumber``, of which the ``PhoneNumber`` of django-phonenumber-field is a kind. None is
            no number.
        find: Reads it.
        what: What it has to be, for the refusal.

    Returns:
        The number as the record has it.

    Raises:
        InvalidMessage: With code 403 if there is nothing, 406 if it is no such number.
        ArgumentTypeError: A ``TypeError``: it is of another type.
    """
    text = _as_text(mobile)
    if not _clean(text):
        raise InvalidMessage(403, "The mobile number is empty.")
    number = find(text)
    if number is None:
        raise InvalidMessage(406, f"The mobile number is not {what}.")
    return number


def country_and_number(e164: str) -> tuple[str, str]:
    """Take an E.164 number apart: its country code, and what is dialled behind it.

    Raises:
        ValueError: It is none.
    """
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        # Its text names the number.
        raise ValueError("The number is not in the form +, country code, number.") from None
    return str(number.country_code), phonenumbers.national_significant_number(number)


def country_of(number: str) -> str:
    """Return the country calling code of a number as the record has it; empty for one in mainland China."""
    return country_and_number(number)[0] if number.startswith("+") else ""


def is_of_a_country(number: str) -> bool:
    """Whether a number as the record has it is a country's.

    Others are of satellite networks and services for the whole world (+870, +881, +882, +979 ...), which are dear to
    reach, and known from fraud.
    """
    country = country_of(number)
    return not country or phonenumbers.region_code_for_country_code(int(country)) != _NO_COUNTRY


def is_country_abroad(code: str) -> bool:
    """Whether this is a country calling code of a country outside of mainland China, such as ``"852"``."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code)) if _COUNTRY.fullmatch(code) else None
    return regions is not None and regions != (_NO_COUNTRY,) and int(code) != CHINA


def _as_text(mobile: object) -> str:
    """Return what a caller gave as a number as text."""
    if mobile is None:
        return ""
    if isinstance(mobile, phonenumbers.PhoneNumber):
        return _written(mobile)
    # A text first: whether something is of a protocol takes longer than all else that is done with a number here.
    if not isinstance(mobile, str | bool) and isinstance(mobile, SupportsIndex):
        return str(mobile)
    return read_text(
        "The mobile number", mobile, expected="a text, a whole number or a PhoneNumber (phonenumbers)", code=406
    )


def _written(number: phonenumbers.PhoneNumber) -> str:
    """Return how a parsed number is written. One that could not be parsed has only what was typed."""
    if number.country_code is None or number.national_number is None:
        return number.raw_input or ""
    if number.extension:
        return f"x{number.extension}"  # no SMS gets to an extension
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _clean(text: str) -> str:
    """Take off what is no part of a number: invisible characters that copying brings along, white space, decimals."""
    if not text.isascii():
        # Marks of the direction of writing, soft hyphens, zero-width spaces.
        text = "".join(character for character in text if unicodedata.category(character) != "Cf")
    text = text.strip()
    decimal = _DECIMAL.fullmatch(text)
    return text if decimal is None else decimal[1] or decimal[2]


def _parse(text: str) -> phonenumbers.PhoneNumber | None:
    if not _WRITTEN.fullmatch(text):
        return None
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return None
    return number if number.extension is None else None
