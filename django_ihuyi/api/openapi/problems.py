"""Error responses in the OpenAPI document: each status with an example."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, serializers

from django_ihuyi.api import parsers, problem_details
from django_ihuyi.exceptions import CodeThrottled, InvalidMessage, ThrottleReason

from .shapes import MEANING, Shape


class Problem(Shape):
    """What is answered to a request that is refused (RFC 9457)."""

    type = serializers.CharField(help_text=gettext_lazy("urn:django-ihuyi: and what it is, for programs."))
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text=gettext_lazy("What is wrong, for people, in the language of the request."))
    errors = serializers.DictField(  # type: ignore[assignment]  # a field: DRF takes it out of the class
        required=False, help_text=gettext_lazy("What is wrong with each field.")
    )
    code = serializers.IntegerField(
        required=False, help_text=gettext_lazy("What the gateway answers, or would have answered.")
    )
    meaning = serializers.CharField(required=False, help_text=MEANING)
    retry_after = serializers.IntegerField(required=False, help_text=gettext_lazy("Seconds to wait."))
    reason = serializers.CharField(required=False, help_text=gettext_lazy("Which limit of verification codes is met."))


@dataclass(frozen=True, slots=True)
class Kind:
    """A status: when it is answered, and an error that makes the example."""

    description: Promise | str
    error: Callable[[], Exception]

    def example(self) -> dict[str, Any]:
        """Return the body that is answered."""
        problem = problem_details.describe(self.error())
        assert problem is not None  # noqa: S101  each error below is foreseen, which a test sees to
        return problem.body


def _invalid() -> Exception:
    return exceptions.ValidationError({"limit": [_("There is no such filter.")]})


def _not_mobile() -> Exception:
    return InvalidMessage(406, "The mobile number is not a mainland Chinese mobile number of eleven digits.")


KINDS: Mapping[int, Kind] = {
    400: Kind(gettext_lazy("The request is not as it should be; errors says where."), _invalid),
    401: Kind(gettext_lazy("It does not say who asks."), exceptions.NotAuthenticated),
    403: Kind(
        gettext_lazy("Who asks may not do this, a captcha is asked for, or it does not say who asks."),
        exceptions.PermissionDenied,
    ),
    404: Kind(gettext_lazy("There is no such row."), exceptions.NotFound),
    406: Kind(gettext_lazy("The answer is JSON, and Accept does not take that."), exceptions.NotAcceptable),
    409: Kind(
        gettext_lazy("The row is not as it would have to be, or the Idempotency-Key was used for another request."),
        lambda: problem_details.Conflict(
            _("This Idempotency-Key was used for another request."), "idempotency-key-reused"
        ),
    ),
    413: Kind(
        gettext_lazy("The body has too many bytes."),
        lambda: problem_details.TooLarge(_("The body is larger than %d bytes.") % parsers.MAX_BODY),
    ),
    415: Kind(gettext_lazy("The body is not JSON."), lambda: exceptions.UnsupportedMediaType("text/plain")),
    422: Kind(gettext_lazy("The gateway would certainly refuse it; code says why."), _not_mobile),
    429: Kind(
        gettext_lazy("Too many requests, or a limit of verification codes is met."),
        lambda: exceptions.Throttled(wait=7),
    ),
    503: Kind(
        gettext_lazy("The account that would send the code is paused: no code goes out, to nobody."),
        lambda: CodeThrottled(30, ThrottleReason.UNAVAILABLE),
    ),
}
