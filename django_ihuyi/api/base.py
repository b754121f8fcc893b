"""What all endpoints have in common. Nothing of the site's own defaults for its API reaches them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from django.contrib.auth.decorators import login_not_required
from django.db.models import Model
from django.http import Http404
from django.utils.decorators import method_decorator
from django.utils.module_loading import import_string
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from rest_framework.authentication import BaseAuthentication
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from django_ihuyi import conf

from . import problems
from .access import HasDjangoPermission, Throttle
from .lists import Filters, Readers

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
    """

    permissions: ClassVar[Mapping[str, str | None]]
    scope: ClassVar[str] = "write"
    filters: ClassVar[Filters] = {}
    query: ClassVar[Readers] = {}
    takes: ClassVar[type[Serializer[Any]]]

    parser_classes = (JSONParser,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = DefaultContentNegotiation
    versioning_class = None
    metadata_class = None
    schema = None

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Return the site's ways to say who one is."""
        return [import_string(path)() for path in conf.get_api().authentication_classes]

    def get_permissions(self) -> list[BasePermission]:
        """Return the site's classes, and ours behind them."""
        own = [import_string(path)() for path in conf.get_api().permission_classes]
        return [*own, HasDjangoPermission()]

    def get_throttles(self) -> list[BaseThrottle]:
        """Return the one that reads ``THROTTLE_RATES``."""
        return [Throttle()]

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """Answer with problems, whatever the site has for its API."""
        return problems.handle

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  the signature of DRF
        """Let nobody in while the site has not said who may.

        Raises:
            Http404: It has not.
        """
        if not conf.get_api().permission_classes:
            raise Http404
        super().initial(request, *args, **kwargs)


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
