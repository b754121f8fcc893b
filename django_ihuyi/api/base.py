"""Base class of the endpoints. The DRF defaults of the site do not apply to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.contrib.auth.decorators import login_not_required
from django.db import connections, transaction
from django.db.models import Model
from django.http import Http404
from django.utils.decorators import method_decorator
from django.utils.module_loading import import_string
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from django_ihuyi.request_body import declare_length, is_readable

from . import problem_details
from .access import Failures, HasDjangoPermission, Throttle
from .conf import get_api
from .pagination import Filters, Readers
from .parsers import MAX_BODY, BodyParser

if TYPE_CHECKING:
    from rest_framework.views import AsView, GenericView  # the stubs' own

_Row = TypeVar("_Row", bound=Model)


@method_decorator(login_not_required, name="dispatch")
@method_decorator(sensitive_post_parameters(), name="dispatch")
@method_decorator(sensitive_variables(), name="dispatch")
class Endpoint(APIView):
    """One address.

    Attributes:
        permissions: For each verb the permission that it wants, or None if the site's own classes are enough.
        scope: The scope that what changes something is counted in.
        filters: What a list can be filtered by.
        query: What else the query of a ``GET`` may hold.
        takes: What a ``POST`` reads.
        largest_body: Bytes that it has at most.
    """

    permissions: ClassVar[Mapping[str, str | None]]
    scope: ClassVar[str] = "write"
    filters: ClassVar[Filters] = {}
    query: ClassVar[Readers] = {}
    takes: ClassVar[type[Serializer[Any]]]
    largest_body: ClassVar[int] = MAX_BODY

    parser_classes = (BodyParser,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = DefaultContentNegotiation
    versioning_class = None
    metadata_class = None
    schema = None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> AsView[GenericView]:  # noqa: ANN401  attributes of the view, of any kind
        """Make the view. Where the site sets ATOMIC_REQUESTS, a refusal would roll back what was counted in a cache in
        a database.
        """
        view = super().as_view(**initkwargs)
        for alias in connections:
            transaction.non_atomic_requests(using=alias)(view)
        return view

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Return the site's ways to say who one is."""
        return [import_string(path)() for path in get_api().authentication_classes]

    def get_permissions(self) -> list[BasePermission]:
        """Return the site's classes, and ours behind them."""
        own = [import_string(path)() for path in get_api().permission_classes]
        return [*own, HasDjangoPermission()]

    def get_throttles(self) -> list[BaseThrottle]:
        """Return the one that reads ``THROTTLE_RATES``."""
        return [Throttle()]

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """Answer with problems, whatever the site has for its API."""
        return problem_details.handle

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  the signature of DRF
        """Let nobody in while the site has not said who may, nor an address that guesses.

        Raises:
            Http404: It has not.
            Throttled: Wrong credentials came from the client's address too often.
            LengthRequired: The body was sent in chunks, and the server does not hand it over.
        """
        if not get_api().permission_classes:
            raise Http404
        # Before DRF looks: with a session it reads the body to authenticate, for the CSRF token of a form.
        declare_length(request._request)  # noqa: SLF001  DRF's own name for Django's request
        # Before anything is authenticated: a right guess among too many is not to be told, nor a password to be hashed.
        failures = Failures(request)
        failures.begin()
        wrong = False
        try:
            super().initial(request, *args, **kwargs)
        except AuthenticationFailed:
            wrong = True
            raise
        finally:
            failures.end(wrong=wrong)
        if not is_readable(request._request):  # noqa: SLF001  as above
            raise problem_details.LengthRequired


class Nowhere(Endpoint):
    """An address that there is not."""

    permissions: ClassVar[Mapping[str, str | None]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  the signature of DRF
        """Say so, whoever asks for it by whatever verb.

        Raises:
            Http404: Always.
        """
        raise Http404


def find(model: type[_Row], pk: int) -> _Row:
    """Return a row.

    Raises:
        Http404: There is none.
    """
    row = model._default_manager.filter(pk=pk).first()
    if row is None:
        raise Http404
    return row
