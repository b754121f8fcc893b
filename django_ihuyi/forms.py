"""Form field for a mobile number.

The field for a verification code is in the app of verification codes, and can be imported from here as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from django_ihuyi.gateway.products import normalize_mobile

from .exceptions import InvalidMessage
from .hooks import require_app

INVALID_MOBILE = _("This is not a mainland China mobile number. Write its eleven digits, for example 139 1234 5678.")


def validate_mobile(value: str) -> None:
    """Refuse what is no mainland mobile number.

    Raises:
        ValidationError: With what to write instead; its code is the one that the gateway would have answered.
    """
    try:
        normalize_mobile(value)
    except InvalidMessage as error:
        raise ValidationError(INVALID_MOBILE, code=str(error.code)) from error


class MobileInput(forms.TextInput):
    """A text input for which a phone shows the keys of numbers."""

    input_type = "tel"

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        """Take further attributes; ``autocomplete`` is ``tel`` unless they say otherwise."""
        super().__init__({"autocomplete": "tel", "placeholder": "139 1234 5678", **(attrs or {})})


class MobileField(forms.CharField):
    """Takes a number as people write it (``+86``, spaces, dashes, full-width digits), and gives eleven digits."""

    widget = MobileInput

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401  the keywords of CharField
        kwargs.setdefault("label", _("Mobile number"))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str | None:  # noqa: ANN401  what the widget gives
        """Return eleven digits, or the field's ``empty_value`` if nothing came and nothing is required.

        For a unique field of a model that may be null, Django makes that ``None``: an empty text would be unique, too.

        Raises:
            ValidationError: It is empty but required, or no mainland mobile number.
        """
        text = super().clean(value)
        if not text:
            return self.empty_value
        validate_mobile(text)
        return normalize_mobile(text)


if TYPE_CHECKING:
    from .verification.forms import VerificationCodeField as VerificationCodeField  # noqa: PLC0414  it is exported
    from .verification.forms import VerificationCodeInput as VerificationCodeInput  # noqa: PLC0414  as above
else:

    def __getattr__(name: str) -> type:
        """Return a form class of the app of verification codes.

        Raises:
            AttributeError: There is no such class.
            ImproperlyConfigured: The app is not installed.
        """
        if name not in {"VerificationCodeField", "VerificationCodeInput"}:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        require_app("django_ihuyi.verification", name)
        return getattr(import_module("django_ihuyi.verification.forms"), name)
