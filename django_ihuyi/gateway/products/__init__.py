"""The products of ihuyi. A new product is a module here and an entry in ``PRODUCTS``.

Nothing else in the package asks which product an account is of: it asks the product. ``docs/products.md`` says how
to add one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..mobile_numbers import require
from .base import Product
from .international import INTERNATIONAL
from .sms import SMS
from .voice import VOICE

__all__ = ["INTERNATIONAL", "PRODUCTS", "SMS", "VOICE", "Product", "get_product", "normalize_any"]

PRODUCTS: Mapping[str, Product] = MappingProxyType(
    {product.name: product for product in (SMS, INTERNATIONAL, VOICE)},
)
"""Every product, by the name that the setting ``PRODUCT`` has for it; the first is the default."""


def get_product(name: str) -> Product:
    """Return a product by its name.

    Raises:
        ValueError: There is none of this name; the text says which there are.
    """
    product = PRODUCTS.get(name)
    if product is None:
        raise ValueError(f"product is {name!r}: write one of {', '.join(map(repr, PRODUCTS))}")
    return product


def normalize_any(mobile: object) -> str:
    """Turn a written number that any product reaches into the form of the record.

    Args:
        mobile: As of :func:`~django_ihuyi.gateway.mobile_numbers.require`; a number outside of mainland China with
            ``+`` or ``00`` and its country code.

    Returns:
        Eleven digits, or ``+``, country code and number.

    Raises:
        InvalidMessage: With code 403 if there is nothing, 406 if it is no such number.
        ArgumentTypeError: A ``TypeError``: it is of a type that is no number.
    """
    return require(mobile, _find_any, "a mobile number; outside of mainland China it needs + and its country code")


def _find_any(mobile: str) -> str | None:
    return next(filter(None, (product.parse(mobile) for product in PRODUCTS.values())), None)


__all__ = ["normalize_any", "normalize_mobile", "normalize_pushed"]


def normalize_mobile(mobile: object) -> str:
    """Turn a written mainland mobile number into eleven digits.

    Args:
        mobile: A number as people write it: ``+86``, ``0086``, spaces, dashes, full-width digits.

    Returns:
        Eleven ASCII digits.

    Raises:
        InvalidMessage: With code 403 if there is nothing, 406 if it is not a mainland Chinese mobile number.
    """
    return SMS.normalize(mobile)


def normalize_pushed(mobile: str, product: Product = SMS) -> str:
    """Turn a number that the gateway pushed into the record's form, or leave it as it came: a push is never refused."""
    return product.from_wire(mobile) or mobile
