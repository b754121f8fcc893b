"""What ihuyi sells: a product a file, and this list of them. A new product is a file here and a line below.

Nothing else in the package asks which product an account is of: it asks the product. ``docs/products.md`` says how
to add one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .base import Product
from .international import INTERNATIONAL
from .sms import SMS
from .voice import VOICE

__all__ = ["INTERNATIONAL", "PRODUCTS", "SMS", "VOICE", "Product", "find"]

PRODUCTS: Mapping[str, Product] = MappingProxyType(
    {product.name: product for product in (SMS, INTERNATIONAL, VOICE)},
)
"""Every product, by the name that the setting ``PRODUCT`` has for it; the first is the default."""


def find(name: str) -> Product:
    """Return a product by its name.

    Raises:
        ValueError: There is none of this name; the text says which there are.
    """
    product = PRODUCTS.get(name)
    if product is None:
        raise ValueError(f"product is {name!r}: write one of {', '.join(map(repr, PRODUCTS))}")
    return product
