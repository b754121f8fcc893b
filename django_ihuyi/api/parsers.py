"""JSON request bodies of limited size and depth."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn, cast

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from django_ihuyi.models import metadata

from .problem_details import TooLarge

MAX_BODY = 256 * 1024
"""Bytes of a body: the longest text, variables and metadata are 100 kB, however their characters are written."""
MAX_BULK_BODY = 10 * 1024 * 1024
"""Bytes of a body with many messages: 10,000 of 1 kB each. Parsed it takes several times as much memory."""
MAX_LEVELS = metadata.MAX_LEVELS + 3
"""Levels of objects and lists: metadata in a message in the list of messages in the body."""
_MOST_DIGITS = 308
"""Of an integer: those of the largest float. Python refuses to read more than 4,300, and to write them."""


class BodyParser(BaseParser):
    """Reads JSON. What cannot be stored or written again is refused here, whatever field it would be for.

    No JSONParser of DRF's: some of its versions have Django read the body of these, up to
    ``DATA_UPLOAD_MAX_MEMORY_SIZE``, and others read a body of any size.
    """

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:  # noqa: ANN401  whatever JSON holds
        """Read a body.

        Raises:
            TooLarge: It has more bytes than the view's ``largest_body``.
            ParseError: It is no JSON, too deep, or has a number that is too large or a name twice in one object.
        """
        context = parser_context or {}
        body = _read(stream, context)
        try:
            # LookupError: a charset that is no encoding of texts, such as "hex".
            text = body.decode(context.get("encoding", settings.DEFAULT_CHARSET))
            found = json.loads(
                text,
                object_pairs_hook=_read_object,
                parse_constant=_refuse_number,
                parse_float=_read_float,
                parse_int=_read_int,
            )
        except (ValueError, LookupError) as error:
            raise ParseError(_("The body is not JSON: %s") % error) from error
        except RecursionError:
            raise ParseError(_too_deep()) from None
        if _is_deeper(found, MAX_LEVELS):
            raise ParseError(_too_deep())
        return found


def _read(stream: IO[Any], context: Mapping[str, Any]) -> bytes:
    most: int = context["view"].largest_body
    declared = str(cast("Request", context["request"]).META.get("CONTENT_LENGTH") or "")
    # Where the length is declared, nothing is read: a body that is refused need not arrive.
    is_declared_larger = declared.isdecimal() and int(declared) > most
    body: bytes = b"" if is_declared_larger else stream.read(most + 1)
    if is_declared_larger or len(body) > most:
        raise TooLarge(_("The body is larger than %d bytes.") % most)
    return body


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ParseError(_("An object of the body has two members of the same name."))
    return found


def _read_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _refuse_number(text)
    return number


def _read_int(text: str) -> int:
    if len(text.lstrip("-")) > _MOST_DIGITS:
        _refuse_number(text)
    return int(text)


def _refuse_number(_text: str) -> NoReturn:
    raise ParseError(_("A number of the body is too large, or NaN or Infinity."))


def _too_deep() -> str:
    return _("The body is nested more than %d levels deep.") % MAX_LEVELS


def _is_deeper(value: object, levels: int) -> bool:
    """Whether there are objects and lists below so many levels, found without recursion."""
    layer = [value]
    for _level in range(levels):
        layer = [
            inner
            for one in layer
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return any(isinstance(one, dict | list) for one in layer)
