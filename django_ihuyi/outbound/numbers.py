"""Mobile numbers: whatever people type becomes the eleven digits that the gateway takes."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import phonenumbers

from django_ihuyi.exceptions import InvalidMessage

_WRITTEN = re.compile(r"[\d\s+＋()（）.·\-‐-―－]+")
"""What a written number consists of. Letters are refused: the phone library would read them as a vanity number."""


@cache
def _mobile() -> re.Pattern[str]:
    """The library's own pattern of a mainland mobile number, which it takes a tenth of a millisecond to get to."""
    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region("CN")
    return re.compile(metadata.mobile.national_number_pattern, re.ASCII)


def national_pattern() -> str:
    """Return the pattern of eleven digits that are a mainland mobile number."""
    return _mobile().pattern.replace(r"\d", "[0-9]")


def normalise(mobile: object) -> str:
    """Turn a written mainland mobile number into eleven digits.

    Args:
        mobile: A number as people write it: ``+86``, ``0086``, spaces, dashes, full-width digits.

    Returns:
        Eleven ASCII digits.

    Raises:
        InvalidMessage: With code 403 if there is nothing, 406 if it is not a mainland Chinese mobile number.
    """
    if not isinstance(mobile, str) or not mobile.strip():
        raise InvalidMessage(403, "The mobile number is empty.")
    if len(mobile) == 11 and _mobile().fullmatch(mobile):
        return mobile  # as most of them come
    number = _parse(mobile.strip())
    if number is None:
        raise InvalidMessage(406, "The mobile number is not a mainland Chinese mobile number of eleven digits.")
    return number


def normalise_pushed(mobile: str) -> str:
    """Turn a number that the gateway pushed into eleven digits, or leave it as it came: a push is never refused."""
    return _parse(mobile.strip()) or mobile


def _parse(text: str) -> str | None:
    if not _WRITTEN.fullmatch(text):
        return None
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return None
    # Fixed lines have country code 86 too; only a mobile can get an SMS.
    mobile = number.country_code == 86 and phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    return str(number.national_number) if mobile and number.extension is None else None
