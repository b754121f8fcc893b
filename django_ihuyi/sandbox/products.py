"""Products of the sandbox (PROTOCOL 1 and 6): path, methods, numbers, texts.

Of the sister products PROTOCOL has little. What it leaves open the stand-in does like SMS, or not at all;
``docs/sandbox.md`` says which is which.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

ALL_METHODS: Final = frozenset({"Submit", "GetNum", "AddTemplate"})
CHINA: Final = 86
MOBILE: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


@dataclass(frozen=True, slots=True)
class Product:
    """One product.

    Attributes:
        name: Its name in this package's settings.
        path: Where it is asked.
        id_field: What answers and receipts call a message's id.
        methods: What it can be asked.
        read_number: Takes a number as a request must write it and returns it as the stand-in keeps it; None: no number.
        write_number: Writes a kept number as the wire has it.
        is_text: Whether a content can be sent at all, apart from the rules for every text.
        in_yuan: Whether its balance is a sum of money.
        is_call: Whether somebody is called, so that there is no signature, one part, and no receipt.
    """

    name: str
    path: str
    id_field: str
    read_number: Callable[[str], str | None]
    write_number: Callable[[str], str] = str
    methods: frozenset[str] = ALL_METHODS
    is_text: Callable[[str], bool] = bool
    in_yuan: bool = False
    is_call: bool = False

    @property
    def has_templates(self) -> bool:
        """Whether a request may name a template."""
        return "AddTemplate" in self.methods


def read_mainland(written: str) -> str | None:
    """Read a number as ``sms.php`` wants it.

    Args:
        written: What was submitted.

    Returns:
        The same, where it is eleven plain digits that can be a mobile number of +86; None otherwise.
    """
    return written if re.fullmatch("1[3-9][0-9]{9}", written) else None


def _read_foreign(written: str) -> str | None:
    """Read country code, a space, number."""
    kept = f"+{written.replace(' ', '')}"
    return kept if re.fullmatch(r"[0-9]+ [0-9]+", written) and _write_foreign(kept) == written else None


def _write_foreign(kept: str) -> str:
    """Write ``+``, country code, number as country code, a space, number; empty where it is no mobile abroad."""
    try:
        number = phonenumbers.parse(kept)
    except phonenumbers.NumberParseException:
        return ""
    if number.country_code == CHINA or phonenumbers.number_type(number) not in MOBILE:
        return ""
    return f"{number.country_code} {phonenumbers.national_significant_number(number)}"


def _is_spoken(content: str) -> bool:
    return re.fullmatch(r"[0-9]{4,6}", content) is not None


SMS: Final = Product("sms", "/webservice/sms.php", "smsid", read_mainland)
INTERNATIONAL: Final = Product(
    "international",
    "/webservice/isms.php",
    "ismsid",
    _read_foreign,
    _write_foreign,
    methods=ALL_METHODS - {"AddTemplate"},
    in_yuan=True,
)
VOICE: Final = Product(
    "voice",
    "/webservice/voice.php",
    "voiceid",
    read_mainland,
    methods=ALL_METHODS - {"AddTemplate"},
    is_text=_is_spoken,
    is_call=True,
)
PRODUCTS: Final = {product.name: product for product in (SMS, INTERNATIONAL, VOICE)}


def of_phone(kept: str) -> Product:
    """Return the product that texts a phone, and that its replies come back by.

    Args:
        kept: A number as the stand-in keeps it.

    Raises:
        ValueError: It is no mobile number.
    """
    if read_mainland(kept):
        return SMS
    if _read_foreign(_write_foreign(kept)) == kept:
        return INTERNATIONAL
    raise ValueError("A reply needs a mobile number, eleven digits or + and a country code.")
