"""Fields of a push, read and checked.

What only describes a push may be missing or odd: a push that can be used is never refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from django_ihuyi.gateway.products import PRODUCTS, SMS, Product, normalize_pushed
from django_ihuyi.models.column_limits import without_unstorable

_MARKETING_ID = "task_id"
"""What pushes of marketing messages call the smsid (PROTOCOL 4)."""
_LONGEST_INTEGER = 1000
"""Characters. Python takes long to read longer ones."""
_ZERO_FRACTION = re.compile(r"\.0*\s*$")


class InvalidPushError(Exception):
    """A push lacks what it cannot be used without. The text names the fields, and repeats no value."""


class ReceiptData(NamedTuple):
    """A delivery receipt as it was pushed. The number is the message's form where it can be read."""

    product: Product
    mobile: str
    smsid: str
    code: int
    msg: str
    report_time: str


class ReplyData(NamedTuple):
    """An upstream reply as it was pushed. The number is the message's form where it can be read."""

    mobile: str
    smsid: str
    content: str
    reply_time: str


class ReviewData(NamedTuple):
    """A template review as it was pushed."""

    templateid: str
    code: int
    msg: str


def read_receipt(fields: Mapping[str, Any], product: Product = SMS) -> ReceiptData:
    """Read a delivery receipt.

    Args:
        fields: Texts by name; from JSON any values.
        product: What the URL names. What the push calls the message's id counts more.

    Raises:
        InvalidPushError: There is no number, or no code that is a whole number.
    """
    reader = _Reader(fields)
    product, smsid = _find_id(fields, product)
    data = ReceiptData(
        product=product,
        mobile=normalize_pushed(reader.text("mobilephone", 32), product),
        smsid=smsid,
        code=reader.integer("code"),
        msg=reader.optional_text("msg", 255),
        report_time=reader.optional_text("report_time", 64),
    )
    reader.check()
    return data


def read_reply(fields: Mapping[str, Any], product: Product = SMS) -> ReplyData:
    """Read an upstream reply; see :func:`read_receipt`. Its words may be empty.

    Raises:
        InvalidPushError: There is no number, or there are no words.
    """
    reader = _Reader(fields)
    product, smsid = _find_id(fields, product)
    data = ReplyData(
        mobile=normalize_pushed(reader.text("mobilephone", 32), product),
        smsid=smsid,
        content=reader.text("content", None, may_be_empty=True),
        reply_time=reader.optional_text("reply_time", 64),
    )
    reader.check()
    return data


def read_review(fields: Mapping[str, Any]) -> ReviewData:
    """Read a template review; see :func:`read_receipt`.

    Raises:
        InvalidPushError: There is no template id, or no code that is a whole number.
    """
    reader = _Reader(fields)
    data = ReviewData(
        code=reader.integer("code"), msg=reader.optional_text("msg", 255), templateid=reader.text("templateid", 64)
    )
    reader.check()
    return data


class _Reader:
    """Reads values by name, and remembers what is wrong with them. A ``null`` in JSON is a field that is missing."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields
        self._wrong: list[str] = []

    def text(self, name: str, longest: int | None, *, may_be_empty: bool = False) -> str:
        """Read a text or a number that must be there, cut to the column's length."""
        value = self._fields.get(name)
        if value is None:
            return self._complain(name, "This field is required.")
        if not _is_text(value):
            return self._complain(name, "Not a valid string.")
        # What no database can store is replaced, because a push is never thrown away.
        text = without_unstorable(str(value)).strip()
        if not text and not may_be_empty:
            return self._complain(name, "This field may not be blank.")
        return text[:longest]

    def optional_text(self, name: str, longest: int) -> str:
        """Read a text that may be missing; then it is empty."""
        return "" if self._fields.get(name) is None else self.text(name, longest, may_be_empty=True)

    def integer(self, name: str) -> int:
        """Read a whole number, also as a text."""
        value = self._fields.get(name)
        if value is None:
            self._complain(name, "This field is required.")
            return 0
        if _is_text(value) and len(text := str(value)) <= _LONGEST_INTEGER:
            with suppress(ValueError):
                return int(_ZERO_FRACTION.sub("", text))
        self._complain(name, "A valid integer is required.")
        return 0

    def check(self) -> None:
        """Raise :class:`InvalidPushError` if anything was wrong."""
        if self._wrong:
            raise InvalidPushError("; ".join(self._wrong))

    def _complain(self, name: str, wrong: str) -> str:
        self._wrong.append(f"{name}: {wrong}")
        return ""


def _find_id(fields: Mapping[str, Any], product: Product) -> tuple[Product, str]:
    """Return of which product a push is and the smsid that it names: what it calls the id tells the product."""
    named = (one for one in PRODUCTS.values() if one is not SMS and fields.get(one.id_field) is not None)
    product = next(named, product)
    values = (fields.get(name) for name in (product.id_field, SMS.id_field, _MARKETING_ID))
    texts = (without_unstorable(str(value)).strip()[:64] for value in values if _is_text(value))
    # Empty and "0" are the gateway's ways of saying "none".
    return product, next((text for text in texts if text.strip("0")), "")


def _is_text(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
