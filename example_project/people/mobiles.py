"""Mobile numbers in models and forms: people may write them as they like, eleven digits are kept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.outbound.numbers import normalise

_REFUSED = _("This is not a mainland China mobile number. Write its eleven digits, for example 139 1234 5678.")


def validate_mobile(value: str) -> None:
    """Refuse what is no mainland mobile number.

    Raises:
        ValidationError: With what to write instead.
    """
    try:
        normalise(value)
    except InvalidMessage as error:
        raise ValidationError(_REFUSED, code=str(error.code)) from error


class MobileField(forms.CharField):
    """A form field that takes a number as people write it and gives eleven digits."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401  the keywords of CharField
        attributes = {"inputmode": "tel", "autocomplete": "username", "placeholder": "139 1234 5678"}
        defaults: dict[str, Any] = {"label": _("Mobile number"), "widget": forms.TextInput(attributes)}
        super().__init__(**defaults | kwargs)

    def clean(self, value: str | None) -> str:
        """Return eleven digits.

        Raises:
            ValidationError: It is empty or no mainland mobile number.
        """
        text = super().clean(value)
        validate_mobile(text)
        return normalise(text)
