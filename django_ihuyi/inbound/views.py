"""The push URLs that are entered in ihuyi's console. The gateway wants the bare text ``success`` and nothing else.

The views are non-atomic also where the site sets ``ATOMIC_REQUESTS``: a receipt is committed before its message is
looked for again, else one that comes while its Submit is being settled could miss it. Anything unforeseen is a 500
on purpose, so that the gateway pushes again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_not_required
from django.core.signals import got_request_exception
from django.db import transaction
from django.http import Http404, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from rest_framework.exceptions import ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView, exception_handler

from django_ihuyi.gateway.products import PRODUCTS, SMS
from django_ihuyi.models import Receipt

from .access import PushToken
from .parsers import PushFormParser, PushJSONParser, PushMultiPartParser
from .serializers import ReceiptSerializer, ReplySerializer, TemplateReviewSerializer

if TYPE_CHECKING:
    from rest_framework.views import AsView, GenericView  # the stubs' own

logger = logging.getLogger(__name__)


class PlainText(BaseRenderer):
    """Bare text, also for errors."""

    media_type = "text/plain"
    format = "txt"
    charset = "utf-8"

    def render(
        self,
        data: Any,  # noqa: ANN401  the signature of DRF
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Write a text as it is, and an error's detail without its wrapping."""
        return str(data.get("detail", "") if isinstance(data, Mapping) else data).encode()


class Indifferent(BaseContentNegotiation):
    """Answers plain text and reads what the content type says, whatever ``Accept`` asks for."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        """Take what is announced, and a form where it is none of ours."""
        announced = str(request.content_type or "").partition(";")[0].strip().lower()
        form, *others = parsers
        return next((parser for parser in others if parser.media_type == announced), form)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Take the only one."""
        (plain,) = renderers
        return plain, PlainText.media_type


@method_decorator(login_not_required, name="dispatch")
@method_decorator(sensitive_post_parameters(), name="dispatch")
@method_decorator(sensitive_variables(), name="dispatch")
class PushView(APIView):
    """Check the token, read the fields, keep them, answer ``success``."""

    authentication_classes = ()
    permission_classes = (PushToken,)
    throttle_classes = ()
    parser_classes = (PushFormParser, PushJSONParser, PushMultiPartParser)
    renderer_classes = (PlainText,)
    content_negotiation_class = Indifferent
    metadata_class = None  # nothing is told about the fields
    # A site's own defaults for its API must not reach the gateway.
    versioning_class = None
    schema = None
    serializer_class: type[Serializer[Any]]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> AsView[GenericView]:  # noqa: ANN401  attributes of the view, of any kind
        """Make the view. No request's transaction is wrapped around it in the database that receipts are kept in."""
        view = super().as_view(**initkwargs)
        transaction.non_atomic_requests(using=Receipt.objects.db)(view)
        return view

    def post(self, request: Request, token: str, product: str = SMS.name) -> HttpResponse:
        """Take one push; :class:`PushToken` has checked the token.

        Raises:
            Http404: There is no such product.
        """
        if product not in PRODUCTS:
            raise Http404
        serializer = self.serializer_class(data=request.data, context={"product": PRODUCTS[product]})
        if not serializer.is_valid():
            wrong = "; ".join(f"{name}: {' '.join(map(str, errors))}" for name, errors in serializer.errors.items())
            logger.warning(
                "A push to %s was not understood: %s", type(self).__name__, wrong, extra={"event": "push.unreadable"}
            )
            raise ValidationError({"detail": wrong})
        serializer.save()
        return Response("success")

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """Take DRF's own, whatever the site has for its API."""
        return exception_handler

    def handle_exception(self, exc: Exception) -> Response:
        """Answer what is foreseen as DRF does; anything else is a 500, so that the gateway pushes again."""
        try:
            return super().handle_exception(exc)
        except Exception:
            logger.exception("A push to %s failed.", type(self).__name__, extra={"event": "push.failed"})
            # Django would have told whoever watches for errors.
            got_request_exception.send(sender=type(self), request=self.request)
            return Response("The push could not be taken; push it again.", status=500)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401  the signature of DRF
        """Keep Django from logging a refused request's path: the token is in it."""
        final = super().finalize_response(request, response, *args, **kwargs)
        # What django.utils.log.log_response looks at.
        setattr(final, "_has_been_logged", True)  # noqa: B010  the stubs do not know it
        return final


class ReceiptPush(PushView):
    """Delivery receipts (回执)."""

    serializer_class = ReceiptSerializer


class ReplyPush(PushView):
    """Upstream replies (上行)."""

    serializer_class = ReplySerializer


class TemplatePush(PushView):
    """Template reviews (模板审核)."""

    serializer_class = TemplateReviewSerializer
