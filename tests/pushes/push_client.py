"""A push by hand: its fields, its address, and how it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.test import Client

TOKEN = django_settings.PUSH_TOKEN
SMSID = "15870246956696820530"
RECEIPT = {
    "code": "2",
    "msg": "DELIVRD",
    "mobilephone": "13800138000",
    "smsid": SMSID,
    "report_time": "2017-08-02 14:31:51",
}
REPLY = {
    "mobilephone": "13800138000",
    "content": "退订",
    "smsid": SMSID,
    "reply_time": "2017-05-24 17:46:50",
}
REVIEW = {"code": "2", "msg": "审核通过", "templateid": "1001"}
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=X"


def url(kind: str, token: str = TOKEN) -> str:
    return f"/ihuyi/push/{token}/{kind}/"


def push(client: Client, kind: str, fields: dict[str, Any] | str | bytes, content_type: str = FORM) -> Any:
    body = urlencode(fields) if isinstance(fields, dict) else fields
    # Not post(): that writes a body anew in the charset of the content type.
    return client.generic("POST", url(kind), body, content_type=content_type)


def multipart(
    fields: dict[str, Any],
    *,
    charset: str = "utf-8",
    more: int = 0,
    files: int = 0,
    header: bytes = b"",
    value: bytes = b"",
) -> bytes:
    """Return a multipart form with the boundary of :data:`MULTIPART`.

    Args:
        fields: Its fields.
        charset: In which they are written.
        more: So many further fields.
        files: So many files.
        header: What stands in the header of one more part, behind ``form-data``.
        value: What that part holds.
    """
    parts = [(f'; name="{name}"'.encode(), str(text).encode(charset)) for name, text in fields.items()]
    parts += [(b'; name="x%d"' % number, b"") for number in range(more)]
    parts += [(b'; name="f"; filename="f%d"' % number, b"") for number in range(files)]
    parts += [(header, value)] if header else []
    parts_of_bytes = (b"--X\r\nContent-Disposition: form-data%s\r\n\r\n%s\r\n" % part for part in parts)
    return b"".join([*parts_of_bytes, b"--X--\r\n"])


def reading_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A site's middleware that looks at what is posted."""

    def middleware(request: HttpRequest) -> HttpResponse:
        _ = request.POST
        return get_response(request)

    return middleware
