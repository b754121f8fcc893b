"""Who may push: whoever knows a token and, if the site says so, comes from an allowed network (PROTOCOL 4).

The gateway signs nothing, so the token in the URL is the only secret there is.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging

from django.http import Http404
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from django_ihuyi import conf

logger = logging.getLogger(__name__)


class PushToken(BasePermission):
    """Lets a request through whose URL carries one of ``PUSH_TOKENS``; to any other there is no such page."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Check the token and the client's address.

        Raises:
            Http404: If either does not fit; the answer does not tell which.
        """
        settings = conf.get_settings()
        given = str(view.kwargs["token"]).encode()
        # All of them are compared, each in constant time: how long it takes tells nothing about any.
        fits = [hmac.compare_digest(given, token.encode()) for token in settings.push_tokens]
        if not any(fits) or not _allowed(request, settings):
            logger.warning("A push was refused: wrong token or network.")
            raise Http404
        return True


def _allowed(request: Request, settings: conf.IhuyiSettings) -> bool:
    if settings.push_allowed_networks is None:
        return True
    try:
        address = ipaddress.ip_address(client_address(request, settings.trusted_proxies))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in ipaddress.ip_network(network) for network in settings.push_allowed_networks)


def client_address(request: Request, trusted_proxies: int) -> str:
    """Return the address that a request came from.

    Args:
        request: The request.
        trusted_proxies: How many proxies of the site's own stand in front of it. Each appends the address it saw to
            ``X-Forwarded-For``, so the client's is counted from the right; what stands further left is the client's
            own claim.
    """
    remote = str(request.META.get("REMOTE_ADDR", ""))
    if not trusted_proxies:
        return remote
    forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    return str(forwarded[-trusted_proxies]) if len(forwarded) >= trusted_proxies else remote
