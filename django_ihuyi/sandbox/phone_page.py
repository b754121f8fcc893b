"""Static files of the phone page."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from django_ihuyi.sandbox.wire_format import Response

FILES: Final = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/phone/phone.css": ("phone.css", "text/css; charset=utf-8"),
    "/phone/phone.js": ("phone.js", "text/javascript; charset=utf-8"),
    "/phone/feed.js": ("feed.js", "text/javascript; charset=utf-8"),
    "/phone/texts.json": ("texts.json", "application/json; charset=utf-8"),
    "/favicon.ico": ("icon.svg", "image/svg+xml"),
}
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def find_file(path: str) -> Response:
    """Answer with a file of the page.

    Args:
        path: The path that was asked for.

    Returns:
        The file, or 404.
    """
    if path not in FILES:
        return Response(404, "text/plain", b"Not found\n", HEADERS)
    name, content_type = FILES[path]
    return Response(200, content_type, files("django_ihuyi.sandbox").joinpath("phone", name).read_bytes(), HEADERS)
