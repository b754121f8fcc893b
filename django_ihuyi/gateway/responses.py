"""Parsing of responses in JSON and XML (PROTOCOL 2).

What the gateway says is data and never trusted: an answer either reads as one of the documented shapes or raises
:class:`~django_ihuyi.gateway.exceptions.Uncertain`, and nothing else.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from xml.etree.ElementTree import ParseError

from defusedxml.ElementTree import fromstring

from .exceptions import SubmitRefused, Uncertain
from .result_codes import ACCEPTED

MSG_LENGTH = 255
SMSID_LENGTH = 64

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Nine digits fit every database's integer column.
_CODE = re.compile(r"-?[0-9]{1,9}")
_ANY_CODE = re.compile(r"-?[0-9]{1,100}")
_FIRST_YEAR = 2000
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_SUM = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class SubmitResult:
    """What the gateway answered to a submit.

    Attributes:
        code: The gateway's code; 2 is accepted.
        msg: The gateway's own words, at most 255 characters; left out of ``repr()``, because they may quote the text.
        smsid: The message's id at the gateway, or ``None`` when it gave none that can be used.
        server_time: The gateway's clock (the answer's ``Date``), or ``None``.
        product: The name of the account's product.
    """

    code: int
    msg: str = field(repr=False)
    smsid: str | None
    server_time: datetime | None = None
    product: str = field(default="sms", repr=False, compare=False)

    @property
    def accepted(self) -> bool:
        """Whether the gateway took the message."""
        return self.code == ACCEPTED

    def raise_for_code(self) -> None:
        """Do nothing for an accepted message.

        Raises:
            Refused: The code is not 2.
        """
        if not self.accepted:
            raise SubmitRefused(self.code, self.msg, self.product)


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """An answer whose code could be read.

    Attributes:
        code: The gateway's code.
        msg: The gateway's own words, fit to be stored.
        fields: All fields as they came: text from XML, any JSON value from JSON.
        server_time: The gateway's clock, or ``None``.
    """

    code: int
    msg: str = field(repr=False)
    fields: Mapping[str, object] = field(repr=False)
    server_time: datetime | None = None

    def as_submit_result(self, id_field: str = "smsid", product: str = "sms") -> SubmitResult:
        """Return the answer as the result of a submit.

        Args:
            id_field: What the product calls the message's id.
            product: The product's name.
        """
        return SubmitResult(self.code, self.msg, read_smsid(self.fields.get(id_field)), self.server_time, product)

    def number(self, name: str) -> int:
        """Return a whole number that an accepted answer must have.

        Args:
            name: The field's name: ``num`` or ``templateid``.

        Returns:
            The number.

        Raises:
            Refused: The code is not 2.
            Uncertain: The field is missing or no whole number.
        """
        number = _integer(self._accepted(name), _NUMBER)
        if number is None:
            raise Uncertain(f"the gateway's answer has no readable {name}")
        return number

    def amount(self, name: str) -> int:
        """Return the whole part of a sum of money that an accepted answer must have, rounded down.

        Args:
            name: The field's name: ``num``.

        Returns:
            Whole yuan.

        Raises:
            Refused: The code is not 2.
            Uncertain: The field is missing or no sum.
        """
        value = self._accepted(name)
        text = "" if isinstance(value, bool) else str(value).strip(" \t\r\n")
        if not _SUM.fullmatch(text):
            raise Uncertain(f"the gateway's answer has no readable {name}")
        return math.floor(Decimal(text))

    def _accepted(self, name: str) -> object:
        if self.code != ACCEPTED:
            raise SubmitRefused(self.code, self.msg)
        return self.fields.get(name)


def parse_response(body: bytes, date: str | None = None) -> GatewayResponse:
    """Read an answer, whatever format was asked for.

    Args:
        body: The answer's bytes.
        date: The answer's ``Date`` header.

    Returns:
        The answer, with any code.

    Raises:
        Uncertain: It is neither JSON nor XML, or has no readable code.
    """
    # The code decides and is ASCII: a broken character in msg must not turn an accepted message into an uncertain one.
    text = body.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    match text[:1]:
        case "{":
            fields = _from_json(text)
        case "<":
            fields = _from_xml(text)
        case _:
            fields = None
    code = None if fields is None else _integer(fields.get("code"), _CODE)
    if fields is None or code is None:
        # Not a word of the answer stands here: a confused server may send the request back.
        raise Uncertain(f"the gateway's answer cannot be read ({len(body)} bytes)")
    return GatewayResponse(code, read_msg(fields.get("msg")), fields, _server_time(date))


def _from_json(text: str) -> dict[str, object] | None:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _from_xml(text: str) -> dict[str, object] | None:
    try:
        root = fromstring(text, forbid_dtd=True)
    except (ParseError, ValueError):  # defusedxml's refusals are ValueErrors
        return None
    return {child.tag.rpartition("}")[2]: child.text or "" for child in root}


def _integer(value: object, pattern: re.Pattern[str]) -> int | None:
    # bool is an int to Python and none to us; a float is no code.
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).strip(" \t\r\n")
    return int(text) if pattern.fullmatch(text) else None


def read_code(value: object) -> int | None:
    """Return a code that a client answered as a whole number, or None if it is none."""
    return _integer(value, _ANY_CODE)


def read_msg(value: object) -> str:
    """Return the gateway's words as they can be stored; empty if they are no text."""
    return _UNSTORABLE.sub("\ufffd", value[:MSG_LENGTH]) if isinstance(value, str) else ""


def read_smsid(value: object) -> str | None:
    """Return a message's id as it can be stored, or None if it is none: then its receipt is matched by the number."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).strip(" \t\r\n")
    missing = not text.strip("0") or text.lower() == "null"
    if missing or len(text) > SMSID_LENGTH or not (text.isascii() and text.isprintable()):
        return None
    return text


def _server_time(date: str | None) -> datetime | None:
    if date is None:
        return None
    try:
        return read_time(parsedate_to_datetime(date))
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def read_time(moment: object) -> datetime | None:
    """Return the gateway's clock, or None if it is no time of this century: such a clock says nothing about ours."""
    if not isinstance(moment, datetime) or not _FIRST_YEAR <= moment.year < _FIRST_YEAR + 100:
        return None
    # "-0000" parses to a naive time that means UTC (RFC 5322).
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
