"""Response to a request that met a limit which no view handled."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from django_ihuyi.exceptions import CodeThrottled

from .throttle_text import throttle_text


class CodeThrottledMiddleware:
    """For pages of other packages, which know nothing of ``CodeThrottled``: renders ``django_ihuyi/throttled.html``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Take what comes after it."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a limit that was met; anything else goes on."""
        return throttled(request, exception) if isinstance(exception, CodeThrottled) else None


def throttled(request: HttpRequest, error: CodeThrottled) -> HttpResponse:
    """Return the page for a limit that was met.

    Returns:
        Status 429, or 503 where the account is paused; with ``Retry-After`` where waiting helps.
    """
    context = {"text": throttle_text(error), "back": request.get_full_path()}
    response = render(request, "django_ihuyi/throttled.html", context, status=error.status)
    if error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response
