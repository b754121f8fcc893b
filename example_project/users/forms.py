"""The forms to sign up, to log in, to reset the password and to change the number, and the admin's to add a person."""

from __future__ import annotations

from typing import Any

from captcha.fields import CaptchaTextInput
from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AdminUserCreationForm, AuthenticationForm
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from django_ihuyi.contrib.auth import CodeBackend
from django_ihuyi.forms import MobileField, MobileInput, VerificationCodeField
from django_ihuyi.verification.forms import VerificationCodeFormMixin

from .models import Person


class CodeForm(VerificationCodeFormMixin, forms.Form):
    """A number and the code that was sent to it, behind a captcha where the settings ask for one."""

    captcha_widget = CaptchaTextInput
    mobile = MobileField()
    code = VerificationCodeField()


class NewPasswordForm(CodeForm):
    """Number, code and a new password, which the settings' rules are asked about."""

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


class SignUpForm(NewPasswordForm):
    """Sign up. Whether the number is taken is none of its business: everybody gets a code."""

    code_purpose = "sign-up"


class LogInByCodeForm(CodeForm):
    """Log in with a code instead of a password."""

    code_purpose = CodeBackend.purpose
    person: Any = None  # type checkers know only Django's own user

    def may_have_code(self, mobile: str) -> bool:
        """Only who can log in."""
        return CodeBackend().knows(mobile)

    def check_code(self, mobile: str, code: str) -> bool:
        """Let the authentication backend check it, and remember who it is."""
        self.person = authenticate(self.request, mobile=mobile, code=code)
        return self.person is not None


class ResetPasswordForm(NewPasswordForm):
    """A new password for whoever holds the phone."""

    code_purpose = "password-reset"

    def may_have_code(self, mobile: str) -> bool:
        """Only who can log in."""
        return CodeBackend().knows(mobile)


class ChangeNumberForm(CodeForm):
    """A new number for the person who is logged in, who confirms it with the password."""

    code_purpose = "change-number"
    mobile = MobileField(label=_("New mobile number"))
    password = forms.CharField(
        label=_("Your password"), strip=False, widget=forms.PasswordInput({"autocomplete": "current-password"})
    )

    def may_have_code(self, mobile: str) -> bool:
        """Only numbers that nobody has yet."""
        return not Person.objects.filter(mobile=mobile).exists()

    def clean_password(self) -> str:
        """Refuse a wrong password."""
        password: str = self.cleaned_data["password"]
        if not self.request.user.check_password(password):
            raise ValidationError(_("This is not your password."), code="password")
        return password


class LogInForm(AuthenticationForm):
    """Number and password."""

    username = MobileField(widget=MobileInput({"autocomplete": "username"}))

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
