"""Secrets and signatures as in the Standard Webhooks specification."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping

ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"

PREFIX = "whsec_"
TOLERANCE = 300


class SignatureError(Exception):
    """A request that was not signed with a valid secret, or not just now. The text names no secret and no signature."""


def secret_of(raw: bytes) -> str:
    """Return the secret that stands for 24 to 64 bytes."""
    return PREFIX + base64.b64encode(raw).decode("ascii")


def sign(keys: Iterable[str], event_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Sign a body with every secret that is valid now.

    Args:
        keys: The secrets, ``whsec_...``; two while one takes the other's place.
        event_id: The event's id, the same at every try; it holds no full stop.
        timestamp: The time of this try, in seconds since 1970.
        body: The body's bytes, exactly as they are posted.

    Returns:
        The three headers.

    Raises:
        ValueError: No secret, a malformed one, or an id that is empty or holds a full stop.
    """
    if not event_id or "." in event_id:
        raise ValueError("an event's id must not be empty and must not hold a full stop")
    signatures = [_signature(key, event_id, str(timestamp), body) for key in keys]
    if not signatures:
        raise ValueError("a webhook needs at least one secret to be signed with")
    return {ID: event_id, TIMESTAMP: str(timestamp), SIGNATURE: " ".join(signatures)}


def verify(keys: Iterable[str], headers: Mapping[str, str], body: bytes, *, now: float) -> str:
    """Check a request's signature and age.

    Args:
        keys: The secrets that count; any one of them is enough.
        headers: The request's headers, with names in lower case or in a mapping that ignores case.
        body: The body's bytes as they came, before any parsing.
        now: The time, in seconds since 1970; a request may be 300 seconds away from it, either way.

    Returns:
        The event's id: who has seen it before drops the request.

    Raises:
        SignatureError: A header is missing, the time is too far away, or no signature fits.
        ValueError: One of the secrets is malformed.
    """
    event_id, timestamp, given = (headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not event_id or "." in event_id:
        raise SignatureError("the event's id is missing or malformed")
    # Longer digits would be a number that no clock shows, and int() refuses very long ones.
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise SignatureError("the time stamp is missing or malformed")
    if abs(now - int(timestamp)) > TOLERANCE:
        raise SignatureError(f"the time stamp is more than {TOLERANCE} seconds away")
    candidates = [one.encode("utf-8", "replace") for one in given.split()]
    fits = False
    for key in keys:
        expected = _signature(key, event_id, timestamp, body).encode("ascii")
        for candidate in candidates:
            # Every pair is compared, so that the time taken does not tell which one fits.
            fits |= hmac.compare_digest(expected, candidate)
    if not fits:
        raise SignatureError("no signature fits")
    return event_id


def _signature(key: str, event_id: str, timestamp: str, body: bytes) -> str:
    signed = b".".join((event_id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(_raw(key), signed, hashlib.sha256).digest()).decode("ascii")


def _raw(key: str) -> bytes:
    try:
        raw = base64.b64decode(key.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    # Raised out here, so that no __context__ holds the secret. 24 to 64 bytes: the specification's bounds.
    if not key.startswith(PREFIX) or not 24 <= len(raw) <= 64:
        raise ValueError(f"a webhook's secret must be {PREFIX} and 24 to 64 bytes in base64")
    return raw
