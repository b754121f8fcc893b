"""Parsing of requests and formatting of responses (PROTOCOL 1 and 2)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Final
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from django_ihuyi.sandbox.endpoints import Result
from django_ihuyi.sandbox.faults import Answer

NAMESPACE: Final = "http://106.ihuyi.com/"
"""As answers have it that customers' programs recorded, with a line for each element."""
SHORT_NAMESPACE: Final = "106.ihuyi.com"
"""As the vendor's page prints it, on one line."""
MAX_FIELDS: Final = 100
FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
BOUNDARY: Final = re.compile(r'boundary=(?:"([^"]+)"|([^",; \t]+))', re.IGNORECASE)
PART: Final = re.compile(rb"^content-disposition:[ \t]*form-data[ \t]*(;.*)$", re.IGNORECASE | re.MULTILINE)
NAME: Final = re.compile(rb';[ \t]*name=(?:"([^"]*)"|([^;\s]+))', re.IGNORECASE)
FILE: Final = re.compile(rb";[ \t]*filename\*?=", re.IGNORECASE)
HOSTILE: Final = (
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefghi", "bcdefghij", strict=True))
    + ']><SubmitResult xmlns="http://106.ihuyi.com/"><code>2</code><msg>&j;</msg><smsid>1</smsid></SubmitResult>'
)


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP answer.

    Attributes:
        status: HTTP status.
        content_type: The body's type.
        body: Its bytes.
        headers: Further headers.
    """

    status: int
    content_type: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


def read_form(query: str, body: bytes, headers: Message) -> dict[str, str]:
    """Read a request's fields as PHP does: a field of the body hides one of the query, the last one of a name counts.

    Args:
        query: The request target's query, in ASCII.
        body: The body of a POST; else nothing.
        headers: The request's headers. A body whose ``Content-Type`` is no form's has no fields.

    Returns:
        The fields; bytes that are no UTF-8 become U+FFFD.

    Raises:
        ValueError: More than 100 fields in the query or in the body.
    """
    fields = dict(_read_pairs(query))
    content_type = headers.get_content_type()
    if content_type == FORM:
        fields.update(_read_pairs(body.decode("utf-8", "replace")))
    elif content_type == MULTIPART and (found := BOUNDARY.search(headers["Content-Type"])):
        boundary = (found[1] or found[2]).encode("latin-1", "replace")
        fields.update(_read_parts(body, boundary))
    return fields


def _read_pairs(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MAX_FIELDS)


def _read_parts(body: bytes, boundary: bytes) -> Iterator[tuple[str, str]]:
    """Read the fields of ``multipart/form-data``; files are no fields, and a part without an end is none either."""
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary, MAX_FIELDS + 2)[1:]
    if len(parts) > MAX_FIELDS + 1:
        raise ValueError("Too many fields.")
    for part in parts[:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        disposition = PART.search(head)
        if disposition is None or FILE.search(disposition[1]):
            continue
        if name := NAME.search(disposition[1]):
            yield (name[1] or name[2] or b"").decode("utf-8", "replace"), value.decode("utf-8", "replace")


def write(result: Result, *, as_json: bool) -> Response:
    """Write an answer in the format that was asked for, or as its fault has it.

    Args:
        result: The answer.
        as_json: Whether JSON was asked for; XML otherwise.

    Returns:
        The HTTP answer.
    """
    fault, fields = result.fault.answer, dict(result.fields)
    if fault is Answer.HOSTILE:
        return Response(200, "text/xml; charset=utf-8", HOSTILE.encode())
    if fault is Answer.NO_SMSID:
        fields[result.id_field] = ""
    if fault is Answer.ZERO_SMSID:
        fields[result.id_field] = "0"
    if fault is Answer.TEXT_CODE:
        fields["code"] = str(fields["code"])
    if as_json != (fault is Answer.OTHER_FORMAT):
        body = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
        return Response(200, "application/json; charset=utf-8", body.encode())
    namespace, end = (SHORT_NAMESPACE, "") if fault is Answer.SHORT_XML else (NAMESPACE, "\n")
    inner = "".join(f"<{name}>{escape(str(value))}</{name}>{end}" for name, value in fields.items())
    start = f'<?xml version="1.0" encoding="utf-8"?>\n<{result.root} xmlns="{namespace}">{end}'
    xml = f"{start}{inner}</{result.root}>{end}"
    return Response(200, "text/xml; charset=utf-8", xml.encode())


def write_json(status: int, value: object) -> Response:
    """Write an answer of the control interface.

    Args:
        status: HTTP status.
        value: What to write.

    Returns:
        The HTTP answer, never cached.
    """
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate can come in as a JSON escape; it must not stop the answer.
    return Response(
        status, "application/json; charset=utf-8", body.encode("utf-8", "replace"), {"Cache-Control": "no-store"}
    )
