"""Where a request came from: the client's address behind the site's own proxies, and what counts as one client."""

from __future__ import annotations

import ipaddress

from django.http import HttpRequest
from rest_framework.request import Request

from . import conf

_ONE_CLIENT = 64
"""The bits of an IPv6 address that stand for one network cable or phone: the rest is the device's to choose."""
_ONE_CUSTOMER = 48
"""The bits that a provider gives to the largest customers: 65,536 times the above are theirs to choose."""


def client_address(request: HttpRequest | Request) -> str:
    """Return the address that a request came from, as text; empty where the server knows none (a Unix socket).

    With ``IHUYI["TRUSTED_PROXIES"]`` proxies of the site's own in front of it, each of which appends the address that
    it saw to ``X-Forwarded-For``, the client's is counted from the right; what stands further left is the client's
    own claim.
    """
    remote = str(request.META.get("REMOTE_ADDR", ""))
    proxies = conf.get_settings().trusted_proxies
    if not proxies:
        return remote
    forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    return str(forwarded[-proxies]) if len(forwarded) >= proxies else remote


def one_client(ip: str) -> str:
    """Return what stands for the client that an address belongs to: an IPv6 address by its /64.

    Args:
        ip: An IPv4 or IPv6 address.

    Raises:
        ValueError: If it is neither.
    """
    address = ipaddress.ip_address(ip.strip())
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), _ONE_CLIENT), strict=False))


def wider_network(client: str) -> str:
    """Return the network that may be one customer's as a whole: the /48 of an IPv6 client; empty for any other.

    Args:
        client: What :func:`one_client` returned, or nothing.
    """
    if ":" not in client:
        return ""
    return str(ipaddress.IPv6Network(client).supernet(new_prefix=_ONE_CUSTOMER))
