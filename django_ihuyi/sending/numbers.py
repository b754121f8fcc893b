"""Numbers as callers write them, whichever product they are for: the wire's own rules are in the gateway's room."""

from __future__ import annotations

from django_ihuyi.gateway.products import SMS, Product, normalise_any

__all__ = ["normalise", "normalise_any", "normalise_pushed"]


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


def normalise_pushed(mobile: str, product: Product = SMS) -> str:
    """Turn a number that the gateway pushed into the record's form, or leave it as it came: a push is never refused."""
    return product.read_pushed(mobile) or mobile
