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
from django_ihuyi.addresses import client_address

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
            logger.warning("A push was refused: wrong token or network.", extra={"event": "push.refused"})
            raise Http404
        return True


def _allowed(request: Request, settings: conf.IhuyiSettings) -> bool:
    if settings.push_allowed_networks is None:
        return True
    try:
        address = ipaddress.ip_address(client_address(request))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in ipaddress.ip_network(network) for network in settings.push_allowed_networks)
