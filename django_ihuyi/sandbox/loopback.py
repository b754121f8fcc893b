"""Loopback checks: the sandbox binds to, pushes to and answers for loopback only."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine's own.

    Args:
        host: ``localhost``, or an IPv4 or IPv6 address without brackets. Other names are not looked up.

    Returns:
        True for ``localhost`` and for loopback addresses, False for everything else.
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_bind_host(host: str) -> str:
    """Return the address to bind to.

    Args:
        host: What the user asked for.

    Returns:
        The loopback address; ``localhost`` becomes ``127.0.0.1``.

    Raises:
        ValueError: The host is not loopback.
    """
    if not is_loopback(host):
        raise ValueError("The sandbox has no protection and listens on loopback only: use 127.0.0.1 or ::1.")
    return "127.0.0.1" if host.lower() == "localhost" else host


def check_push_url(url: str) -> str:
    """Return a URL that the sandbox may push to.

    Args:
        url: An ``http://`` or ``https://`` URL on loopback.

    Returns:
        The URL as it came.

    Raises:
        ValueError: The URL has another scheme, its host is not loopback, or it has characters that no URL has. The
            text leaves the URL out, because it carries the site's push token.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError("A push URL cannot be read.") from error
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("A push URL has plain ASCII characters only.")
    if parts.scheme not in {"http", "https"} or not is_loopback(host):
        raise ValueError("Push URLs must be http:// or https:// on 127.0.0.1, ::1 or localhost.")
    return url


def is_loopback_header(header: str) -> bool:
    """Tell whether a ``Host`` header names this machine, which a page of a rebound DNS name cannot fake.

    Args:
        header: The header's value: a host, with or without a port.

    Returns:
        True when the host is loopback.
    """
    try:
        return is_loopback(urlsplit(f"//{header}").hostname or "")
    except ValueError:
        return False
