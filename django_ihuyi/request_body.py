"""Requests whose body has no declared length: chunked, or HTTP/2."""

from __future__ import annotations

from os import SEEK_END

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest


def is_readable(request: HttpRequest) -> bool:
    """Whether Django can read the request's body.

    Under WSGI it reads as many bytes as ``Content-Length`` says, so that a body sent in chunks looks empty.
    """
    return (
        isinstance(request, ASGIRequest)
        or bool(request.META.get("CONTENT_LENGTH"))
        or "HTTP_TRANSFER_ENCODING" not in request.META
    )


def declare_length(request: HttpRequest) -> None:
    """Under ASGI, write the length of a body that came without one into ``META``, where parsers look for it.

    The body is not read: Django has received all of it into a file.
    """
    if not isinstance(request, ASGIRequest) or request.META.get("CONTENT_LENGTH"):
        return
    file = request._stream  # noqa: SLF001  Django's own name for that file
    file.seek(0, SEEK_END)
    request.META["CONTENT_LENGTH"] = str(file.tell())
    file.seek(0)
