"""The one call that posts an event: to an address that was checked, with no redirect, no proxy and no second try."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple

import urllib3
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.exceptions import HTTPError

from django_ihuyi.gateway.connections import Call, PlainPool, TLSPool, current

from .addresses import Target

MAX_ANSWER = 1024


class DeliveryError(Exception):
    """No complete head of an answer came. The text names neither the body nor the URL's path."""


class Answer(NamedTuple):
    """What a receiver answered: the status, the body's first bytes (at most 1024) and the seconds taken."""

    status: int
    start: str
    seconds: float


def post(
    target: Target,
    headers: Mapping[str, str],
    body: bytes,
    *,
    connect: float = 3,
    read: float = 10,
    ca_certs: str = DEFAULT_CA_BUNDLE_PATH,
) -> Answer:
    """Post a body once.

    Args:
        target: The target, checked just now.
        headers: The signature's headers.
        body: The JSON, as it was signed.
        connect: Seconds to wait for a connection.
        read: Seconds to wait for each part of the answer; the whole call ends after ``connect + 2 * read``.
        ca_certs: The file of the certificates that are trusted.

    Returns:
        The answer, whatever its status; that of a redirect is not followed.

    Raises:
        DeliveryError: No connection, or no answer in time.
    """
    started = time.monotonic()
    timeout = urllib3.Timeout(connect=connect, read=read)
    # The gateway's connections end a call at its deadline, even when the head of an answer drips in byte by byte.
    current.call = Call(connect, read)
    failure: DeliveryError
    try:
        with _pool(target, ca_certs) as pool:
            response = pool.urlopen(
                "POST",
                target.path,
                body=body,
                headers={**headers, "Host": _host(target), "Content-Type": "application/json"},
                timeout=timeout,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                # One read of what is there: a receiver that drips its body must not hold the worker.
                start = response.read1(MAX_ANSWER, decode_content=False) or b""
            except (HTTPError, OSError):
                # The status has come and counts.
                start = b""
            finally:
                response.close()
            return Answer(response.status, start.decode("utf-8", "replace"), time.monotonic() - started)
    except (HTTPError, OSError) as error:
        failure = DeliveryError(f"no answer from {target.host}: {type(error).__name__}")
    # Raised out here, so that no __context__ leads to the request.
    raise failure


def _pool(target: Target, ca_certs: str) -> urllib3.HTTPConnectionPool:
    if target.scheme == "http":
        return PlainPool(target.address, target.port)
    return TLSPool(
        target.address,
        target.port,
        server_hostname=target.host,
        assert_hostname=target.host,
        cert_reqs="CERT_REQUIRED",
        ca_certs=ca_certs,
    )


def _host(target: Target) -> str:
    name = f"[{target.host}]" if ":" in target.host else target.host
    return name if target.port == {"https": 443, "http": 80}[target.scheme] else f"{name}:{target.port}"
