"""Numbers as callers write them, whichever product they are for: the wire's own rules are in the gateway's room."""

from __future__ import annotations

from django_ihuyi.gateway.numbers import require
from django_ihuyi.gateway.products import PRODUCTS, SMS, Product


def normalise(mobile: object) -> str:
    """Turn a written mainland mobile number into eleven digits.

    Args:
        mobile: A number as people write it: ``+86``, ``0086``, spaces, dashes, full-width digits.

    Returns:
        Eleven ASCII digits.

    Raises:
        InvalidMessage: With code 403 if there is nothing, 406 if it is not a mainland Chinese mobile number.
    """
    return SMS.normalise(mobile)


def normalise_any(mobile: object) -> str:
    """Turn a written number that any product reaches into the form of the record, to look for what it had.

    Args:
        mobile: A number as people write it; one outside of mainland China with ``+`` or ``00`` and its country code.

    Returns:
        Eleven digits, or ``+``, country code and number.

    Raises:
        InvalidMessage: With code 403 if there is nothing, 406 if it is no such number.
    """
    return require(mobile, _find_any, "a mobile number; outside of mainland China it needs + and its country code")


def normalise_pushed(mobile: str, product: Product = SMS) -> str:
    """Turn a number that the gateway pushed into the record's form, or leave it as it came: a push is never refused."""
    return product.read_pushed(mobile) or mobile


def _find_any(mobile: str) -> str | None:
    return next(filter(None, (product.find(mobile) for product in PRODUCTS.values())), None)
