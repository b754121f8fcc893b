"""HTTP client of webhooks: posts to a checked address, without redirects, proxies or retries."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple

import urllib3
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from django_ihuyi import __version__
from django_ihuyi.gateway import ca_bundle
from django_ihuyi.gateway.transport import Call, PlainPool, TLSPool, current, longest_call

from .ssrf import MAX_ADDRESSES, Target

_LONGEST_DATE = 40


class DeliveryError(Exception):
    """No complete head of an answer came. The text names neither the body nor the URL's path."""


class Answer(NamedTuple):
    """What a receiver answered: the status, and for how many seconds it asks to be left alone, if it says so."""

    status: int
    retry_after: int = 0


def longest_post(connect: float, read: float) -> float:
    """Return the seconds after which a post has ended, whatever happens: each address may be waited for in vain."""
    return (MAX_ADDRESSES - 1) * connect + longest_call(connect, read)


def post(
    target: Target,
    headers: Mapping[str, str],
    body: bytes,
    *,
    connect: float = 3,
    read: float = 10,
    ca_certs: str | None = None,
) -> Answer:
    """Post a body once, to the first of the target's addresses that can be connected to.

    Args:
        target: The target, checked just now.
        headers: The signature's headers.
        body: The JSON, as it was signed.
        connect: Seconds to wait for a connection.
        read: Seconds to wait for each part of the answer; see :func:`longest_post` for the whole.
        ca_certs: The file or folder of the certificates that are trusted. None: those that the environment names, as
            for the gateway, or else those that come with requests.

    Returns:
        The answer, whatever its status; that of a redirect is not followed.

    Raises:
        DeliveryError: No connection, or no answer in time; or the environment names certificates that do not exist.
    """
    trusted = ca_certs or ca_bundle.trusted(DeliveryError) or str(DEFAULT_CA_BUNDLE_PATH)
    failure: DeliveryError
    for address in target.addresses:
        try:
            return _post(target, address, headers, body, connect, read, trusted)
        except (NewConnectionError, ConnectTimeoutError) as error:
            # Nothing was written: the next one may answer.
            failure = _failure(target, error)
        except (HTTPError, OSError) as error:
            failure = _failure(target, error)
            break
    # Raised out here, so that no __context__ leads to the request.
    raise failure  # pyright: ignore[reportPossiblyUnboundVariable, reportGeneralTypeIssues]  there is an address at least


def _failure(target: Target, error: Exception) -> DeliveryError:
    return DeliveryError(f"no answer from {target.host}: {type(error).__name__}")


def _post(
    target: Target,
    address: str,
    headers: Mapping[str, str],
    body: bytes,
    connect: float,
    read: float,
    ca_certs: str,
) -> Answer:
    # The gateway's connections end a call at its deadline, even when the head of an answer drips in byte by byte.
    current.call = Call(connect, read)
    with _pool(target, address, ca_certs) as pool:
        response = pool.urlopen(
            "POST",
            target.path,
            body=body,
            headers={
                **headers,
                "Host": host_header(target),
                "Content-Type": "application/json",
                "User-Agent": f"django-ihuyi/{__version__}",
            },
            timeout=urllib3.Timeout(connect=connect, read=read),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        # The body says nothing that counts, and a receiver that is slow with it must not hold the worker.
        response.close()
        return Answer(response.status, _retry_after(response.headers.get("Retry-After", "")))


def _retry_after(value: str) -> int:
    """Read a header that says seconds or a date (RFC 9110, 10.2.3); what is neither asks for nothing."""
    if len(value) > _LONGEST_DATE:
        return 0
    if value.isascii() and value.isdigit():
        return int(value)
    try:
        asked = parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return 0
    return max(0, int(asked - time.time()))


def _pool(target: Target, address: str, ca_certs: str) -> urllib3.HTTPConnectionPool:
    if target.scheme == "http":
        return PlainPool(address, target.port)
    is_folder = Path(ca_certs).is_dir()
    return TLSPool(
        address,
        target.port,
        server_hostname=target.host,
        assert_hostname=target.host,
        cert_reqs="CERT_REQUIRED",
        ca_certs=None if is_folder else ca_certs,
        ca_cert_dir=ca_certs if is_folder else None,
    )


def host_header(target: Target) -> str:
    name = f"[{target.host}]" if ":" in target.host else target.host
    return name if target.port == {"https": 443, "http": 80}[target.scheme] else f"{name}:{target.port}"
