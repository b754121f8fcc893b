"""Client address of a request behind trusted proxies, and the network that counts as one client."""

from __future__ import annotations

import ipaddress
import logging
import re
from functools import cache
from typing import TYPE_CHECKING

from . import conf

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request

logger = logging.getLogger(__name__)

_ONE_CLIENT = 64
"""The bits of an IPv6 address that stand for one network cable or phone: the rest is the device's to choose."""
_ONE_CUSTOMER = 48
"""The bits that a provider gives to the largest customers: 65,536 times the above are theirs to choose."""
_WRITTEN = re.compile(
    r"""\[(?P<v6>[0-9A-Fa-f:.]+)(?:%[^\]]*)?\](?::[0-9]*)?"""  # [2001:db8::1]:443
    r"""|(?P<v4>[0-9.]+)(?::[0-9]*)?"""  # 203.0.113.7:54321
    r"""|(?P<bare>[0-9A-Fa-f:.]+)(?:%.*)?"""  # fe80::1%eth0
)
"""An address as proxies write it: with the port it came from, in brackets, with the zone of a local network."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address(request: HttpRequest | Request) -> str:
    """Return the address that a request came from.

    With ``IHUYI["TRUSTED_PROXIES"]`` proxies of the site's own in front of it, each of which appends the address that
    it saw to ``X-Forwarded-For``, the client's is counted from the right; what stands further left is the client's
    own claim. Where no address stands there (``unknown``), it is the nearest proxy's.

    Args:
        request: A request of Django or of Django REST framework.

    Returns:
        An IPv4 or IPv6 address in its shortest form, without port, brackets and zone. Empty where the server knows
        none, such as behind a Unix socket: the log says so once in each process.
    """
    proxies = conf.get_settings().trusted_proxies
    forwarded = [part for part in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",") if part.strip()]
    claimed = forwarded[-proxies] if proxies and len(forwarded) >= proxies else ""
    address = read_address(claimed) or read_address(str(request.META.get("REMOTE_ADDR", "")))
    if address is None:
        _warn_of_no_address()
        return ""
    return str(address)


def read_address(text: str) -> Address | None:
    """Return the address that a text is, however servers and proxies write it; None if it is none.

    Args:
        text: Such as ``203.0.113.7:54321``, ``"[2001:db8::1]:443"`` or ``fe80::1%eth0``. An IPv4 address that is
            written as one of IPv6 is read as the former.
    """
    written = _WRITTEN.fullmatch(text.strip().strip('"'))
    if written is None:
        return None
    try:
        address = ipaddress.ip_address(written["v6"] or written["v4"] or written["bare"])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def client_key(ip: str) -> str:
    """Return what stands for the client that an address belongs to: an IPv6 address by its /64.

    Args:
        ip: An IPv4 or IPv6 address, as :func:`read_address` takes it.

    Raises:
        ValueError: If it is neither.
    """
    address = read_address(ip)
    if address is None:
        raise ValueError("This is no IPv4 or IPv6 address.")
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((int(address), _ONE_CLIENT), strict=False))


def client_network(client: str) -> str:
    """Return the network that may be one customer's as a whole: the /48 of an IPv6 client; empty for any other.

    Args:
        client: What :func:`client_key` returned, or nothing.
    """
    if ":" not in client:
        return ""
    return str(ipaddress.IPv6Network(client).supernet(new_prefix=_ONE_CUSTOMER))


@cache
def _warn_of_no_address() -> None:
    """Say it once in each process."""
    logger.warning(
        "A request has no client address (REMOTE_ADDR), as behind a Unix socket: no limit of an address holds, and "
        "PUSH_ALLOWED_NETWORKS lets nobody in. Let the proxy write X-Forwarded-For, and set "
        "IHUYI['TRUSTED_PROXIES'] to the number of proxies.",
        extra={"event": "address.unknown"},
    )
