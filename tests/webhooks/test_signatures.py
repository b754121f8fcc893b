"""Signatures: what was signed passes, and anything changed since does not."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_ihuyi.webhooks import signatures

KEY, OTHER = (signatures.PREFIX + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
NOW = 1_800_000_000
BODY = b'{"type":"message.delivered"}'


@pytest.mark.parametrize("known", [[KEY], [OTHER], [OTHER, KEY]], ids=["old", "new", "both"])
def test_during_a_rotation_either_secret_is_enough(known: list[str]) -> None:
    headers = signatures.sign([KEY, OTHER], "evt_1", NOW, BODY)
    assert signatures.verify(known, headers, BODY, now=NOW) == "evt_1"


def test_the_signature_is_that_of_the_specification() -> None:
    # Computed with openssl: printf 'evt_1.1800000000.{}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0101...
    assert (
        signatures.sign([KEY], "evt_1", NOW, b"{}")[signatures.SIGNATURE]
        == "v1,vRBy7EQT0d31iYBpOoBx3qTNMauC3ixs19x3DpLiB7Y="
    )


@pytest.mark.parametrize(
    ("change", "body", "now"),
    [
        ({}, BODY + b" ", NOW),
        ({}, BODY, NOW + 301),
        ({}, BODY, NOW - 301),
        ({signatures.ID: "evt_2"}, BODY, NOW),
        ({signatures.ID: ""}, BODY, NOW),
        ({signatures.ID: "evt.1"}, BODY, NOW),
        ({signatures.TIMESTAMP: str(NOW + 1)}, BODY, NOW),
        ({signatures.TIMESTAMP: ""}, BODY, NOW),
        ({signatures.TIMESTAMP: "9" * 5000}, BODY, NOW),
        ({signatures.TIMESTAMP: "²"}, BODY, NOW),
        ({signatures.SIGNATURE: ""}, BODY, NOW),
        ({signatures.SIGNATURE: "v1,é"}, BODY, NOW),
    ],
)
def test_what_was_changed_is_refused(change: dict[str, str], body: bytes, now: int) -> None:
    headers = signatures.sign([KEY], "evt_1", NOW, BODY) | change
    with pytest.raises(signatures.SignatureError):
        signatures.verify([KEY], headers, body, now=now)


def test_a_strangers_secret_is_refused() -> None:
    with pytest.raises(signatures.SignatureError, match="no signature fits"):
        signatures.verify([OTHER], signatures.sign([KEY], "evt_1", NOW, BODY), BODY, now=NOW)


@pytest.mark.parametrize("key", ["", "whsec_", "whsec_!!!!", KEY.removeprefix("whsec_"), "whsec_YWJj"])
def test_a_malformed_secret_is_an_error_that_does_not_show_it(key: str) -> None:
    with pytest.raises(ValueError, match="24 to 64 bytes") as caught:
        signatures.sign([key], "evt_1", NOW, BODY)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(("keys", "event_id"), [([], "evt_1"), ([KEY], ""), ([KEY], "evt.1")])
def test_what_cannot_be_signed(keys: list[str], event_id: str) -> None:
    with pytest.raises(ValueError, match=r"must not|at least one"):
        signatures.sign(keys, event_id, NOW, BODY)


@given(
    raw=st.binary(min_size=24, max_size=64),
    event_id=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1),
    body=st.binary(),
    at=st.integers(0, 10**11),
    skew=st.integers(-300, 300),
)
def test_round_trip(raw: bytes, event_id: str, body: bytes, at: int, skew: int) -> None:
    key = signatures.PREFIX + base64.b64encode(raw).decode()
    headers = signatures.sign([key], event_id, at, body)
    assert signatures.verify([key], headers, body, now=at + skew) == event_id
    with pytest.raises(signatures.SignatureError):
        signatures.verify([key], headers, body + b"x", now=at + skew)
