"""Error responses as RFC 9457 problem details, with the result code and its explanation."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from django_ihuyi.exceptions import CaptchaRequired, CodeThrottled, InvalidMessage
from django_ihuyi.gateway import lookup

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:django-ihuyi:"


class Conflict(exceptions.APIException):
    """The request was right, and what it is about is not as it would have to be."""

    status_code = 409
    default_code = "conflict"


class LengthRequired(exceptions.APIException):
    """The body does not say how long it is, and cannot be read without."""

    status_code = 411
    default_detail = _("Send the body with a Content-Length.")
    default_code = "length-required"


class TooLarge(exceptions.APIException):
    """The body has more bytes than the address takes."""

    status_code = 413
    default_code = "too-large"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is answered: the body, and headers that belong to it."""

    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an error that is foreseen; None for any other, which becomes a 500.

    Args:
        error: What was raised.
        context: What DRF says of the request; not used.
    """
    problem = describe(error)
    if problem is None:
        return None
    set_rollback()
    return Response(problem.body, problem.body["status"], headers=problem.headers, content_type=MEDIA_TYPE)


def describe(error: Exception) -> Problem | None:
    """Say what an error is to a caller; None for one that is not foreseen."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    return _of_ours(error) or _of_drf(error)


def _of_ours(error: Exception) -> Problem | None:
    if isinstance(error, InvalidMessage):
        more = {"code": error.code, "meaning": gettext(lookup(error.code).meaning)}
        return Problem(_body(422, "invalid-message", str(error), **more))
    if isinstance(error, CaptchaRequired):
        return Problem(_body(403, "captcha-required", str(error)))
    if isinstance(error, CodeThrottled):
        kind = "code-throttled" if error.status == 429 else "code-unavailable"
        return _later(error.retry_after, kind, str(error), status=error.status, reason=str(error.reason))
    return None


def _of_drf(error: Exception) -> Problem | None:
    if isinstance(error, exceptions.Throttled):
        return _later(math.ceil(getattr(error, "wait", None) or 1), "throttled", str(error.detail))
    if isinstance(error, exceptions.ValidationError):
        return Problem(_body(400, "invalid", gettext("The request is not as it should be."), errors=error.detail))
    if isinstance(error, exceptions.APIException):
        challenge = getattr(error, "auth_header", None)
        headers = {"WWW-Authenticate": challenge} if challenge else {}
        return Problem(_body(error.status_code, str(error.get_codes()).replace("_", "-"), str(error.detail)), headers)
    return None


def _later(seconds: int, kind: str, detail: str, *, status: int = 429, **more: object) -> Problem:
    return Problem(_body(status, kind, detail, retry_after=seconds, **more), {"Retry-After": str(seconds)})


def _body(status: int, kind: str, detail: str, **more: object) -> dict[str, Any]:
    return {"type": _TYPE + kind, "title": kind.replace("-", " "), "status": status, "detail": detail, **more}
