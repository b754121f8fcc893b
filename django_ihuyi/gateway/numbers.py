"""Mobile numbers: whatever people write becomes the one form in which the record has it.

A mainland number is its eleven digits; any other is ``+``, country code and number (E.164), and is taken only where it
is written with its country code. So no number has two readings: ``13055550123`` is in China, ``+13055550123`` is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import phonenumbers

from ..exceptions import InvalidMessage

CHINA = 86
_WRITTEN = re.compile(r"[\d\s+＋()（）.·\-‐-―－]+")
"""What a written number consists of. Letters are refused: the phone library would read them as a vanity number."""
_FROM_ABROAD = ("+", "＋", "00")
"""How a number begins that is written with its country code."""
_MOBILE = frozenset({phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE})
"""Kinds of number that can get an SMS; some countries' plans do not tell mobile from fixed."""
_COUNTRY = re.compile("[1-9][0-9]{0,2}")
_NO_COUNTRY = "001"
"""The library's region of numbers that are no country's."""


@cache
def _mainland_pattern() -> re.Pattern[str]:
    """The library's own pattern of a mainland mobile number, which it takes a tenth of a millisecond to get to."""
    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region("CN")
    return re.compile(metadata.mobile.national_number_pattern, re.ASCII)


def mainland_pattern() -> str:
    """Return the pattern of eleven digits that are a mainland mobile number, for readers of every kind."""
    return _mainland_pattern().pattern.replace(r"\d", "[0-9]")


def find_mainland(text: str) -> str | None:
    """Return the eleven digits of a written mainland mobile number, or None if it is none."""
    if len(text) == 11 and _mainland_pattern().fullmatch(text):
        return text  # as most of them come
    number = _parse(text.strip())
    # Fixed lines have country code 86 too; only a mobile can get an SMS.
    mobile = (
        number is not None
        and number.country_code == CHINA
        and phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    )
    return str(number.national_number) if number is not None and mobile else None


def find_abroad(text: str) -> str | None:
    """Return the E.164 form of a written mobile number outside of mainland China, or None if it is none.

    Args:
        text: The number with its country code: ``+1 415 555 0123``, ``0014155550123``.
    """
    text = text.strip()
    number = _parse(text) if text.startswith(_FROM_ABROAD) else None
    if number is None or number.country_code == CHINA or phonenumbers.number_type(number) not in _MOBILE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def require(mobile: object, find: Callable[[str], str | None], what: str) -> str:
    """Find a number, or refuse it as the gateway would.

    Args:
        mobile: A number as people write it.
        find: Reads it.
        what: What it has to be, for the refusal.

    Returns:
        The number as the record has it.

    Raises:
        InvalidMessage: With code 403 if there is nothing, 406 if it is no such number.
    """
    if isinstance(mobile, int) and not isinstance(mobile, bool):
        # From a column of numbers.
        mobile = str(mobile)
    if not isinstance(mobile, str) or not mobile.strip():
        raise InvalidMessage(403, "The mobile number is empty.")
    number = find(mobile)
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


def _parse(text: str) -> phonenumbers.PhoneNumber | None:
    if not _WRITTEN.fullmatch(text):
        return None
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return None
    return number if number.extension is None else None
