"""Requests read and answers written as the wire has them (PROTOCOL 1 and 2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from django_ihuyi.sandbox.faults import Answer
from django_ihuyi.sandbox.gateway import Result

NAMESPACE: Final = "106.ihuyi.com"
OLD_NAMESPACE: Final = "http://106.ihuyi.com/"
MAX_FIELDS: Final = 100
HOSTILE: Final = (
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefghi", "bcdefghij", strict=True))
    + ']><SubmitResult xmlns="106.ihuyi.com"><code>2</code><msg>&j;</msg><smsid>1</smsid></SubmitResult>'
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


def read_form(query: str, body: bytes) -> dict[str, str]:
    """Read a request's fields as PHP does: a field of the body hides one of the query, the last one of a name counts.

    Args:
        query: The request target's query, as ``http.server`` gives it (bytes as Latin-1).
        body: A form-encoded body, or nothing.

    Returns:
        The fields; bytes that are no UTF-8 become U+FFFD.

    Raises:
        ValueError: More than 100 fields.
    """
    fields: dict[str, str] = {}
    for raw in (query.encode("latin-1", "replace"), body):
        text = raw.decode("utf-8", "replace")
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MAX_FIELDS)
        fields.update(pairs)
    return fields


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
    namespace = OLD_NAMESPACE if fault is Answer.OLD_NAMESPACE else NAMESPACE
    inner = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields.items())
    xml = f'<?xml version="1.0" encoding="utf-8"?>\n<{result.root} xmlns="{namespace}">{inner}</{result.root}>'
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
