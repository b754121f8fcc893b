"""Keyed hashes of mobile numbers that are no longer kept."""

from __future__ import annotations

from django.conf import settings
from django.utils.crypto import salted_hmac

from .masking import HASH_MARK, mask_mobile

_SALT = "django_ihuyi.hashing"
_DIGITS = 20
"""Of the hash: 80 bits."""
_LONGEST = 16
"""The longest number: ``+`` and 15 digits."""

MOBILE_LENGTH = _LONGEST + len(HASH_MARK) + _DIGITS
"""What a column needs for a number, and for what stands in its place."""


def hash_mobile(mobile: str) -> str:
    """Return what stands in the place of a number: ``138******00#`` and 20 hex digits.

    Args:
        mobile: A number.
    """
    return _hashed(mobile, settings.SECRET_KEY)


def lookup_values(mobile: str) -> list[str]:
    """Return how a number may stand in the record: as it is, or hashed with any of the site's keys.

    Args:
        mobile: A number.
    """
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [mobile, *(_hashed(mobile, key) for key in keys)]


def _hashed(mobile: str, key: str | bytes) -> str:
    digest = salted_hmac(_SALT, mobile, secret=key, algorithm="sha256").hexdigest()
    return f"{mask_mobile(mobile)}{HASH_MARK}{digest[:_DIGITS]}"
