"""Access to the API: the site's permission classes, then Django permissions, then rate limits."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

from rest_framework.exceptions import MethodNotAllowed, Throttled
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from django_ihuyi.client_ip import client_address, client_key

from . import counting
from .conf import get_api

if TYPE_CHECKING:
    from .base import Endpoint


TURN_TIMEOUT = 2.0
"""Seconds that a request waits for others of its address before it is told to come again."""
_PAUSE = 0.02


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
        return name is None or (bool(request.user) and request.user.has_perm(name))


class Throttle(BaseThrottle):
    """Counts the requests of a caller in the view's scope, at the rate of ``IHUYI["API"]["THROTTLE_RATES"]``."""

    seconds_left = 0.0

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Whether this request is within the rate."""
        scope = "read" if request.method in {"GET", "HEAD"} else cast("Endpoint", view).scope
        rate = get_api().rate(scope)
        if rate is None:
            return True
        limit, seconds = _read_rate(rate)
        counted = counting.count(f"django_ihuyi.api.{scope}.{caller_id(request)}", seconds=seconds)
        self.seconds_left = counted.seconds_left
        return counted.number <= limit

    def wait(self) -> float:
        """Return after how many seconds the caller may ask again."""
        return self.seconds_left


class Failures:
    """Counts wrong credentials by the client's address, at the rate of the scope ``failures``.

    The rates of callers cannot: whom a request is counted for is known only once its credentials are right. Each
    request is counted before they are looked at, so that guesses at the same moment are no more than the rate, and
    taken back when they are not wrong.
    """

    scope = "failures"

    def __init__(self, request: Request) -> None:
        self._key = f"django_ihuyi.api.{self.scope}.{_client(request)}"
        self._counted: counting.Count | None = None

    def begin(self) -> None:
        """Count a request whose credentials are looked at next.

        Where others of the address are being looked at, as many as may be wrong, it waits for what comes of them.

        Raises:
            Throttled: The address was wrong too often.
        """
        rate = get_api().rate(self.scope)
        if rate is None:
            return
        limit, seconds = _read_rate(rate)
        give_up_at = time.monotonic() + TURN_TIMEOUT
        while (counted := counting.count(self._key, seconds=seconds)).number > limit:
            counting.uncount(counted)
            if counting.settled(counted) >= limit:
                raise Throttled(counted.seconds_left)
            # Only read meanwhile: who counts while there is no room is in the way of those who are to make it.
            while counting.current(counted) >= limit > counting.settled(counted) and time.monotonic() < give_up_at:
                time.sleep(_PAUSE)
            if time.monotonic() >= give_up_at:
                raise Throttled(TURN_TIMEOUT)
        self._counted = counted

    def end(self, *, wrong: bool) -> None:
        """Take it back, unless its credentials are wrong."""
        if self._counted is not None:
            (counting.settle if wrong else counting.uncount)(self._counted)


def _read_rate(rate: str) -> tuple[int, int]:
    """Return how many a rate of the settings allows in how many seconds."""
    number, period = rate.split("/")
    return int(number), {"s": 1, "m": 60, "h": 3600, "d": 86_400}[period[0]]


def _client(request: Request) -> str:
    address = client_address(request)
    return client_key(address) if address else ""


def caller_id(request: Request) -> str:
    """Return what stands for whoever makes a request: the user, or the address of one who is nobody."""
    pk: Any = getattr(request.user, "pk", None)
    return f"address:{client_address(request)}" if pk is None else f"user:{pk}"


def sees_unmasked(request: Request) -> bool:
    """Whether whoever asks may see whole numbers and texts."""
    return has_permission(request, "django_ihuyi.view_unmasked")


def has_permission(request: Request, permission: str) -> bool:
    """Return whether the user has a permission besides the one that the endpoint requires.

    Args:
        request: A request that was let in.
        permission: Its name, such as ``django_ihuyi.view_message``.
    """
    return bool(request.user.has_perm(permission))
