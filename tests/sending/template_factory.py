"""Templates as they stand in the registry, for tests."""

from __future__ import annotations

from typing import Any

from django_ihuyi.models import Template

SHIPPED = "您的订单【变量】已发货，【变量】送达。"


def register(name: str = "order-shipped", **values: Any) -> Template:
    """Register a template that has passed, unless told otherwise."""
    fields = {
        "text": SHIPPED,
        "variables": ["order", "when"],
        "template_id": "1001",
        "state": Template.State.PASSED,
    }
    return Template.objects.create(**{**fields, "name": name, **values})
