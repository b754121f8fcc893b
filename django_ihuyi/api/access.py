"""Who may do what: the site's own classes first, then Django's permission of the verb, then the rate."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from django_ihuyi import conf
from django_ihuyi.addresses import client_address, one_client

if TYPE_CHECKING:
    from .base import Endpoint


class HasDjangoPermission(BasePermission):
    """Lets a user through who has the permission that the view names for the verb."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Check it.

        Raises:
            MethodNotAllowed: The view has no such verb.
        """
        permissions = cast("Endpoint", view).permissions
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in permissions:
            raise MethodNotAllowed(method)
        name = permissions[method]
        return name is None or (bool(request.user) and request.user.has_perm(f"django_ihuyi.{name}"))


class Throttle(SimpleRateThrottle):
    """Counts the requests of a caller in the view's scope, at the rate of ``IHUYI["API"]["THROTTLE_RATES"]``."""

    rate = "1/s"  # until the scope is known

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Whether this request is within the rate."""
        endpoint = cast("Endpoint", view)
        self.scope = "read" if request.method in {"GET", "HEAD"} else endpoint.scope
        rate = conf.get_api().rate(self.scope)
        if rate is None:
            return True
        self.num_requests, self.duration = self.parse_rate(rate)
        return super().allow_request(request, view)

    def get_cache_key(self, request: Request, view: APIView) -> str:
        """Return what the caller's requests are counted under."""
        return f"django_ihuyi.api.{self.scope}.{caller(request)}"


class Failures(SimpleRateThrottle):
    """Counts wrong credentials by the client's address, at the rate of the scope ``failures``.

    The rates of callers cannot: whom a request is counted for is known only once its credentials are right.
    """

    name = "failures"
    scope = name
    rate = "1/s"  # until a request asks

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Whether the address has not been wrong too often. What is asked is not counted; :meth:`count` is for that."""
        rate = conf.get_api().rate(self.name)
        if rate is None:
            self.key = None
            return True
        self.num_requests, self.duration = self.parse_rate(rate)
        return super().allow_request(request, view)

    def get_cache_key(self, request: Request, view: APIView) -> str:
        """Return what the address's failures are counted under."""
        client = client_address(request)
        # A server behind a Unix socket knows none, and a proxy may write one in a form of its own.
        with suppress(ValueError):
            client = one_client(client)
        return f"django_ihuyi.api.{self.scope}.{client}"

    def throttle_success(self) -> bool:
        """Let it through; whether its credentials are right is not known yet."""
        return True

    def count(self) -> None:
        """Note that the credentials of the request that was let through are wrong."""
        if self.key is not None:
            super().throttle_success()


def caller(request: Request) -> str:
    """Return what stands for whoever makes a request: the user, or the address of one who is nobody."""
    pk: Any = getattr(request.user, "pk", None)
    return f"address:{client_address(request)}" if pk is None else f"user:{pk}"


def sees_all(request: Request) -> bool:
    """Whether whoever asks may see whole numbers and texts."""
    return bool(request.user.has_perm("django_ihuyi.view_unmasked"))
