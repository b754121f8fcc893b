"""Form fields: a mobile number as people write it, and the code that was sent to it, with the button that sends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.widgets import Script
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .exceptions import InvalidMessage
from .models.verification_code import read_typed
from .outbound.numbers import normalise

NO_MOBILE = _("This is not a mainland China mobile number. Write its eleven digits, for example 139 1234 5678.")
SEND = "send_code"
"""The name of the button that sends the code: a form that is posted with it asks for a code and nothing else."""


def validate_mobile(value: str) -> None:
    """Refuse what is no mainland mobile number.

    Raises:
        ValidationError: With what to write instead; its code is the one that the gateway would have answered.
    """
    try:
        normalise(value)
    except InvalidMessage as error:
        raise ValidationError(NO_MOBILE, code=str(error.code)) from error


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
        return normalise(text)


class VerificationCodeInput(forms.TextInput):
    """The input for a code with a button that has it sent and counts the seconds until it can be sent again.

    Without JavaScript the button posts the whole form; with it, the page stays. The script is a file of its own, and
    nothing is written into the page's markup, so a Content-Security-Policy of ``script-src 'self'`` is enough.

    Attributes:
        notice: What became of a code that was asked for without JavaScript.
        wait: The seconds until the button can be pressed again.
    """

    template_name = "django_ihuyi/widgets/verification_code.html"
    notice = ""
    wait = 0

    class Media:
        js = [Script("django_ihuyi/verification_code.js", defer=True)]

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        """Take further attributes."""
        own = {"autocomplete": "one-time-code", "inputmode": "numeric", "autocapitalize": "off", "spellcheck": "false"}
        super().__init__({**own, **(attrs or {})})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:  # noqa: ANN401  as Django has it
        """Add the button's name and what stands beside it. A code that was typed is never written into a page."""
        context = super().get_context(name, None, attrs)
        shared = {"send": SEND, "notice": self.notice, "wait": self.wait}
        element = context["widget"]["attrs"].get("id") or name
        context["widget"] |= {**shared, "status_id": f"{element}_status"}
        described = context["widget"]["attrs"].get("aria-describedby")
        context["widget"]["attrs"]["aria-describedby"] = " ".join(filter(None, [described, f"{element}_status"]))
        return context


class VerificationCodeField(forms.CharField):
    """Takes a code as people type or paste it, and gives its digits. Whether it is right is the form's to ask."""

    widget = VerificationCodeInput
    default_error_messages = {"digits": _("Write the digits of the code.")}

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401  the keywords of CharField
        kwargs.setdefault("label", pgettext_lazy("verification", "Code"))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:  # noqa: ANN401  what the widget gives
        """Return the digits.

        Raises:
            ValidationError: There are none, or something else is among them.
        """
        text = str(super().clean(value) or "")
        digits = read_typed(text)
        if text and not digits:
            raise ValidationError(self.error_messages["digits"], code="digits")
        return digits
