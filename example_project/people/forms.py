"""The forms to sign up and to log in, and the admin's to add a person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm, AuthenticationForm
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .mobiles import MobileField
from .models import Person


class SignUpForm(forms.Form):
    """Number and password. Whether the number is taken is none of its business."""

    mobile = MobileField()
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=password_validators_help_text_html,
    )

    def clean(self) -> dict[str, Any]:
        """Check the password against the settings' rules, which want to know the number too."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "password" in cleaned:
            # Any: type checkers know only Django's own user.
            person: Any = Person(mobile=cleaned.get("mobile", ""))
            try:
                validate_password(cleaned["password"], person)
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


class LogInForm(AuthenticationForm):
    """Number and password."""

    username = MobileField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  Django's own
        super().__init__(*args, **kwargs)
        # Django takes it from the model, whose eleven digits are fewer characters than people write.
        self.fields["username"].max_length = None  # type: ignore[attr-defined]  # a MobileField
        self.fields["username"].widget.attrs.pop("maxlength", None)

    error_messages = {
        "invalid_login": _("This number and this password do not go together."),
        "inactive": _("This account is closed."),
    }


class PersonCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]  # generic for type checkers only
    """A new person in the admin."""

    mobile = MobileField()

    class Meta:
        model = Person
        fields = ("mobile",)
