"""Serializer field of `Django REST framework <https://www.django-rest-framework.org/>`_ for mobile numbers.

Where ``"rest_framework"`` is in ``INSTALLED_APPS``, every ``ModelSerializer`` uses :class:`MobileField` for the
``MobileField`` of a model.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from django_ihuyi import fields
from django_ihuyi.exceptions import ArgumentTypeError, InvalidMessage
from django_ihuyi.forms import INVALID_MOBILE
from django_ihuyi.gateway.products import normalize_mobile


class MobileField(serializers.CharField):
    """Takes a mainland mobile number as people write it (``+86``, spaces, dashes), and gives eleven digits.

    Validators, such as that of a unique field, see the eleven digits. Where null is allowed, an empty text is null: a
    second empty text would break the unique column. A ``max_length`` is ignored, since people write more than eleven
    characters.
    """

    default_error_messages = {"mobile": INVALID_MOBILE}

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401  the keywords of CharField
        """Take the keywords of ``CharField``."""
        kwargs.pop("max_length", None)
        super().__init__(**kwargs)

    def run_validation(self, data: Any = serializers.empty) -> str | None:  # noqa: ANN401  what JSON has
        """Read and check a number; empty is null where null is allowed."""
        number: str | None = super().run_validation(data)
        return None if number == "" and self.allow_null else number

    def to_internal_value(self, data: Any) -> str:  # noqa: ANN401  what JSON has
        """Return eleven digits.

        Raises:
            ValidationError: It is no mainland mobile number.
        """
        try:
            return normalize_mobile(data)
        except ArgumentTypeError:
            self.fail("invalid")
        except InvalidMessage:
            self.fail("mobile")


def register() -> None:
    """Have serializers of models use :class:`MobileField`; the app's configuration calls it."""
    serializers.ModelSerializer.serializer_field_mapping[fields.MobileField] = MobileField
