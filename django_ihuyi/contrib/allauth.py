"""Phone numbers of `django-allauth <https://docs.allauth.org/>`_ by way of ihuyi: a mixin for its account adapter.

allauth makes the codes, keeps them in the session and checks them. This sends them, within the site's limits, and reads
and writes the number in two fields of the user model.
"""

from __future__ import annotations

import secrets
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from django import forms
from django.contrib.auth import get_user_model
from django.http import HttpRequest

from django_ihuyi import conf, offer_code
from django_ihuyi.addresses import client_address
from django_ihuyi.exceptions import CodeThrottled
from django_ihuyi.forms import MobileField
from django_ihuyi.outbound.numbers import normalise
from django_ihuyi.outbound.sending import send_sms
from django_ihuyi.verification.checking import note_entered
from django_ihuyi.verification.issuing import send_given_code
from django_ihuyi.verification.middleware import throttled


class PhoneAdapterMixin:
    """Put it in front of ``DefaultAccountAdapter``.

    A limit that is met ends the request with a page of the status 429, for known and unknown numbers alike.

    Attributes:
        request: The request, which allauth sets.
        code_purpose: Under what the codes are counted, and what ``IHUYI["VERIFICATION"]["PURPOSES"]`` calls them.
        code_account: The alias of the account that sends them.
        phone_field: The user model's field with the number, as eleven digits.
        phone_verified_field: The user model's field that says whether the number was verified.
        account_exists_text: What is sent to a number that somebody signs up with though it has an account; None:
            nothing. It has to be among the account's approved templates.
        unknown_account_text: What is sent to a number that somebody wants to log in with though it has no account;
            None: nothing.
    """

    request: HttpRequest | None
    code_purpose = "allauth"
    code_account = "default"
    phone_field = "mobile"
    phone_verified_field = "mobile_verified"
    account_exists_text: str | None = None
    unknown_account_text: str | None = None

    def phone_form_field(self, **kwargs: Any) -> forms.Field:  # noqa: ANN401  a field's keywords
        """Return a field that takes a mainland number as people write it, and gives eleven digits."""
        return MobileField(**kwargs)

    def generate_phone_verification_code(self, *, user: Any, phone: str) -> str:  # noqa: ANN401  the site's user model
        """Make a code of as many digits as ``CODE_LENGTH`` says."""
        length = conf.get_verification().code_length
        return f"{secrets.randbelow(10**length):0{length}}"

    def send_verification_code_sms(self, user: Any, phone: str, code: str, **kwargs: Any) -> None:  # noqa: ANN401  allauth's own
        """Send the code."""
        try:
            send_given_code(phone, self.code_purpose, code, ip=self._address(), account=self.code_account)
        except CodeThrottled as error:
            raise self._refused(error) from error

    def send_unknown_account_sms(self, phone: str, **kwargs: Any) -> None:  # noqa: ANN401  allauth's own
        """Count what a known number's code would count, and send ``unknown_account_text`` if there is one."""
        self._send_instead(phone, self.unknown_account_text)

    def send_account_already_exists_sms(self, phone: str) -> None:
        """Count what a new number's code would count, and send ``account_exists_text`` if there is one."""
        self._send_instead(phone, self.account_exists_text)

    def set_phone(self, user: Any, phone: str, verified: bool) -> None:  # noqa: ANN401  allauth's own
        """Give the user a number."""
        setattr(user, self.phone_field, normalise(phone))
        setattr(user, self.phone_verified_field, verified)
        user.save(update_fields=[self.phone_field, self.phone_verified_field])

    def get_phone(self, user: Any) -> tuple[str, bool] | None:  # noqa: ANN401  the site's user model
        """Return the user's number and whether it was verified; None if there is none."""
        phone = getattr(user, self.phone_field)
        return (str(phone), bool(getattr(user, self.phone_verified_field))) if phone else None

    def set_phone_verified(self, user: Any, phone: str) -> None:  # noqa: ANN401  the site's user model
        """Note that the user entered the code that was sent to the number."""
        note_entered(phone, self.code_purpose)
        self.set_phone(user, phone, verified=True)

    def get_user_by_phone(self, phone: str) -> Any:  # noqa: ANN401  the site's user model
        """Return whose number it is, verified rather than not; None if nobody's."""
        users = get_user_model()._default_manager.filter(**{self.phone_field: phone})
        return users.order_by(f"-{self.phone_verified_field}", "pk").first()

    def _send_instead(self, phone: str, text: str | None) -> None:
        try:
            offer_code(phone, self.code_purpose, known=False, ip=self._address(), account=self.code_account)
        except CodeThrottled as error:
            raise self._refused(error) from error
        if text is not None:
            send_sms(phone, text, account=self.code_account)

    def _address(self) -> str | None:
        return (client_address(self.request) or None) if self.request is not None else None

    def _refused(self, error: CodeThrottled) -> Exception:
        # Without a request there is nobody to show a page to.
        return error if self.request is None else ImmediateHttpResponse(throttled(self.request, error))
