"""Small pieces that pages are made of."""

from __future__ import annotations

from decimal import Decimal

import pytest

from django_ihuyi.admin import display


@pytest.mark.parametrize(
    ("amount", "places", "text"),
    [
        (None, 2, "–"),
        ("1234.5", 2, "¥\u00a01,234.50"),
        ("0.035", 2, "¥\u00a00.04"),
        ("0.035", 4, "¥\u00a00.035"),
        ("0.1", 4, "¥\u00a00.10"),
        ("0.033333", 4, "¥\u00a00.0333"),
        ("3", 4, "¥\u00a03.00"),
    ],
)
def test_money(amount: str | None, places: int, text: str) -> None:
    assert display.yuan(None if amount is None else Decimal(amount), places=places) == text
