"""Parsing of push bodies: form, JSON or multipart, in UTF-8 or GB18030.

Chinese systems also write GB18030 and its subsets GBK and GB2312, whether they say so or not.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from django_ihuyi.request_body import is_readable

LONGEST_BODY = 64 * 1024
"""Bytes. A receipt has about 150, a reply of the longest SMS about 5,000."""

_JSON = "application/json"
_MULTIPART = "multipart/form-data"
_HONOURED = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "cp950": "big5hkscs",
}
"""The charsets that are read as declared, by Python's names for them, with the codec that reads all of each.

Any other is UTF-8, or cannot hold a Chinese text and was declared without being meant.
"""


class UnreadableBodyError(Exception):
    """The body of a push cannot be read. The text says why, and repeats nothing of it.

    Attributes:
        status: The HTTP status of the answer.
    """

    def __init__(self, reason: str, *, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(reason)
        self.status = status


def read(request: HttpRequest) -> Mapping[str, Any]:
    """Return the fields of a push, the last one of each name. Files are ignored.

    Text is decoded as declared, where that is a charset for Chinese; else as UTF-8; else as GB18030; and what is
    none of these as UTF-8 with replacement characters.

    Args:
        request: Whose body was not read yet, or by Django.

    Returns:
        Texts by name; from JSON any values.

    Raises:
        UnreadableBodyError: It cannot be read; it is longer than :data:`LONGEST_BODY`, or than the site takes; or the
            server hands no body over whose length is not declared.
    """
    body = _read_body(request)
    if not body:
        # A middleware of the site's may have read the form.
        return dict(request.POST.items())
    params = request.content_params or {}
    declared = _honoured(params.get("charset", ""))
    if request.content_type == _JSON:
        return _from_json(body, declared)
    if request.content_type == _MULTIPART:
        return _from_multipart(body, params.get("boundary", ""), declared)
    return _from_form(body, declared)


def _read_body(request: HttpRequest) -> bytes:
    if not is_readable(request):
        raise UnreadableBodyError("The body has no Content-Length.", status=HTTPStatus.LENGTH_REQUIRED)
    length = request.META.get("CONTENT_LENGTH") or "0"
    declared = int(length) if length.isdecimal() else 0
    if declared > LONGEST_BODY:
        raise _too_large()
    try:
        body = request.read(LONGEST_BODY + 1)
    except UnreadablePostError:
        raise UnreadableBodyError("The body broke off.") from None
    if len(body) > LONGEST_BODY:
        raise _too_large()
    return body


def _honoured(charset: str) -> str | None:
    """Return the codec for a declared charset, or None where the declaration says nothing of use."""
    with suppress(LookupError, ValueError):
        return _HONOURED.get(codecs.lookup(charset.strip()).name)
    return None


def _decode(raw: bytes, declared: str | None) -> str:
    for codec in (declared, "utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            if codec is not None:
                return raw.decode(codec)
    return raw.decode("utf-8", "replace")


def _from_json(body: bytes, declared: str | None) -> Mapping[str, Any]:
    try:
        try:
            # From bytes also UTF-16 and UTF-32 are read, which JSON tells from its first bytes.
            fields = json.loads(body if declared is None else _decode(body, declared))
        except UnicodeDecodeError:
            fields = json.loads(_decode(body, None))
    except (ValueError, RecursionError):
        raise UnreadableBodyError("The body is not JSON.") from None
    if not isinstance(fields, dict):
        raise UnreadableBodyError("The body is not a JSON object.")
    return fields


def _from_form(body: bytes, declared: str | None) -> Mapping[str, str]:
    pairs = body.split(b"&")
    if len(pairs) > _most_fields():
        raise UnreadableBodyError("The body has too many fields.")
    fields = {}
    for pair in pairs:
        name, _sign, value = (unquote_to_bytes(part.replace(b"+", b" ")) for part in pair.partition(b"="))
        fields[_decode(name, declared)] = _decode(value, declared)
    return fields


def _from_multipart(body: bytes, boundary: str, declared: str | None) -> Mapping[str, str]:
    # The header anew: Django refuses capitals in it, and any charset that is not ASCII. Its own decoding is undone
    # below: each byte is a character of Latin-1.
    quoted = boundary.replace("\\", "\\\\").replace('"', '\\"')
    meta = {"CONTENT_TYPE": f'{_MULTIPART}; boundary="{quoted}"', "CONTENT_LENGTH": len(body)}
    try:
        fields, _no_files = MultiPartParser(meta, BytesIO(body), [], "latin-1").parse()
    except RequestDataTooBig:
        raise _too_large() from None
    except (TooManyFieldsSent, TooManyFilesSent):
        raise UnreadableBodyError("The body has too many fields.") from None
    except (MultiPartParserError, ValueError, LookupError):
        # LookupError and ValueError: of the charset in a part's header.
        raise UnreadableBodyError("The body is not a multipart form.") from None
    return {name: _decode(str(value).encode("latin-1", "replace"), declared) for name, value in fields.items()}


def _too_large() -> UnreadableBodyError:
    return UnreadableBodyError("The body is larger than 64 KiB.", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def _most_fields() -> int:
    return settings.DATA_UPLOAD_MAX_NUMBER_FIELDS or 1000
