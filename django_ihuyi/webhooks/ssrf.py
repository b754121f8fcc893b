"""SSRF protection: which addresses a webhook may post to."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
_REFUSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        # What is_global takes for public in some of the supported versions of Python and IANA's registries of
        # special-purpose addresses do not: protocol assignments, relays and tunnels, through which an IPv4 address of
        # the inside could be reached, and addresses for documentation.
        "192.0.0.0/24",
        "192.88.99.0/24",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
        # Azure's platform: public by its number, and answers each virtual machine with what is that machine's alone.
        "168.63.129.16/32",
    )
)

LOOKUP_TIMEOUT = 5.0
"""Seconds that a name's look-up may take. The resolver's own time-outs add up to half a minute and more."""
MAX_ADDRESSES = 4
"""Addresses of a name that are tried: who has many behind one name answers at the first ones."""


class AddressError(Exception):
    """An address that events must not go to. The text says why."""


class Target(NamedTuple):
    """Where to connect to, and as whom: ``addresses`` have been checked, ``host`` is for TLS and the Host header."""

    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]
    path: str


def is_public(address: Address) -> bool:
    """Return whether an address is one of the public internet: not private, shared, local, multicast or reserved."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address not in _PUBLIC_V6:
            return False
    return address.is_global and not address.is_multicast and not any(address in network for network in _REFUSED)


class Place(NamedTuple):
    """What an endpoint's URL says, before any name is looked up."""

    scheme: str
    host: str
    port: int
    path: str


def parse_url(url: str, *, ports: Sequence[int] = (443,), allow_http: bool = False) -> Place:
    """Read an endpoint's URL. Nothing is looked up.

    Args:
        url: The endpoint's URL.
        ports: The ports that are allowed.
        allow_http: Whether ``http`` is allowed too.

    Raises:
        AddressError: The URL is malformed, or its scheme or its port is not allowed.
    """
    try:
        parts = urlsplit(url)
        given_port = parts.port
    except ValueError:
        raise AddressError("the URL is malformed") from None
    if parts.scheme not in (("https", "http") if allow_http else ("https",)):
        raise AddressError("the URL must begin with https://")
    if not parts.hostname or parts.username is not None or parts.password is not None:
        raise AddressError("the URL must name a host, and no user or password")
    port = given_port if given_port is not None else {"https": 443, "http": 80}[parts.scheme]
    if port not in ports:
        raise AddressError("its port is not allowed")
    try:
        host = parts.hostname if ":" in parts.hostname else parts.hostname.encode("idna").decode("ascii")
    except UnicodeError:
        raise AddressError("the URL's host is malformed") from None
    return Place(parts.scheme, host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


def resolve(
    url: str,
    *,
    allowed: Sequence[str] = (),
    ports: Sequence[int] = (443,),
    allow_http: bool = False,
    patience: float = LOOKUP_TIMEOUT,
) -> Target:
    """Look up an endpoint's address and check it.

    Args:
        url: The endpoint's URL.
        allowed: Networks that are allowed though they are not public, such as ``10.1.0.0/16``.
        ports: The ports that are allowed.
        allow_http: Whether ``http`` is allowed too.
        patience: Seconds that the name's look-up may take.

    Returns:
        The target, with the first addresses that the name has, at most :data:`MAX_ADDRESSES`.

    Raises:
        AddressError: The URL is malformed, or its scheme, its port or any one of its addresses is not allowed.
        OSError: The name cannot be resolved now, or not in time.
    """
    place = parse_url(url, ports=ports, allow_http=allow_http)
    found = _resolve_host(place.host, place.port, patience)
    # One bad address among good ones is how a name is made to pass: all of them have to be right.
    for text in found:
        _check(ipaddress.ip_address(text), allowed)
    return Target(place.scheme, place.host, place.port, tuple(found[:MAX_ADDRESSES]), place.path)


def check(url: str, *, allowed: Sequence[str] = (), ports: Sequence[int] = (443,), allow_http: bool = False) -> None:
    """Check what can be said of an endpoint's URL without looking a name up. See :func:`resolve`.

    Raises:
        AddressError: The URL is malformed, or its scheme, its port or its address, where it is one, is not allowed.
    """
    host = parse_url(url, ports=ports, allow_http=allow_http).host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return
    _check(address, allowed)


def _check(address: Address, allowed: Sequence[str]) -> None:
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if not is_public(address) and not any(address in ipaddress.ip_network(network) for network in allowed):
        raise AddressError("the host has an address that is not public")


def _resolve_host(host: str, port: int, patience: float) -> list[str]:
    """Ask the resolver in a thread that can be walked away from: it takes no time-out."""
    found: list[str] = []
    faults: list[OSError] = []

    def look() -> None:
        try:
            found.extend(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            faults.append(error)

    thread = threading.Thread(target=look, name="django-ihuyi-look-up", daemon=True)
    thread.start()
    thread.join(patience)
    if faults:
        raise faults[0]
    # A copy: a thread that was walked away from must not add to what is being checked.
    addresses = list(found)
    if not addresses:
        raise TimeoutError("the name was not resolved in time")
    return addresses
