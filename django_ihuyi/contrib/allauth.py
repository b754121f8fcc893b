"""Phone numbers of `django-allauth <https://docs.allauth.org/>`_ through ihuyi: a mixin for its account adapter.

allauth makes the codes, keeps them in the session and checks them. This sends them, within the site's limits, and reads
and writes the number in two fields of the user model, or of a model that belongs to it.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any, cast

from allauth.core.exceptions import ImmediateHttpResponse
from django import forms
from django.contrib.auth import get_user_model
from django.db import IntegrityError, router, transaction
from django.db.models import Model, OneToOneRel
from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_variables

from django_ihuyi import offer_code, registration
from django_ihuyi.client_ip import client_address
from django_ihuyi.exceptions import CodeThrottled, InvalidMessage
from django_ihuyi.forms import MobileField
from django_ihuyi.gateway.products import normalize_mobile
from django_ihuyi.sending.single import send_sms
from django_ihuyi.verification.codes import mark_entered, send_external_code
from django_ihuyi.verification.conf import get_verification
from django_ihuyi.verification.middleware import throttled
from django_ihuyi.verification.throttle_text import throttle_text

if TYPE_CHECKING:
    from allauth.account.adapter import DefaultAccountAdapter as _Adapter
else:
    _Adapter = object

_SENT = "_ihuyi_sent"
"""Where a user who is about to be made has the number and the code that went out for it."""
_TYPED = "_ihuyi_typed"
"""Where a user has a number that another row holds, until the request ends. From then on the session has it."""


class PhoneAdapterMixin(_Adapter):  # type: ignore[misc]  # the host has no types
    """Put it in front of ``DefaultAccountAdapter``.

    A limit that is met ends the request with a page of the status 429, or for ``allauth.headless`` with JSON, for known
    and unknown numbers alike. At a sign-up no user is made then.

    **A number is somebody's once it is verified, and nobody's before.** Whoever only typed a number is not found by it:
    not for log-in by code or password, not as an account that exists. The owner of a number that a stranger signed up
    with signs up as if nobody had, into a row of her own, and takes the number out of the stranger's row when she
    enters her code. To let her into the stranger's row and take its password away would not do: an e-mail address, a
    social account, a passkey or a session of the stranger's would still open it. Nor is anybody locked out: a sign-up
    whose text was lost is begun again, and the number stays in a row, such as one that staff filled in, until somebody
    proves that it is theirs.

    Attributes:
        request: The request, which allauth sets.
        code_purpose: Under what the codes are counted, and what ``IHUYI["VERIFICATION"]["PURPOSES"]`` calls them.
        code_account: The alias of the account that sends them.
        phone_relation: None: the number is in the user model. Else the name by which users are asked for the model that
            has it, by a one-to-one field to the user, such as ``"profile"``. Its row is made when there is a number.
        phone_field: The field with the number, as eleven digits.
        phone_verified_field: The field that says whether the number was verified.
        account_exists_text: What is sent to a number that somebody signs up with though it has an account; None:
            nothing. It has to be among the account's approved templates.
        unknown_account_text: What is sent to a number that somebody wants to log in with though it has no account;
            None: nothing.
    """

    request: HttpRequest | None
    code_purpose = "allauth"
    code_account = "default"
    phone_relation: str | None = None
    phone_field = "mobile"
    phone_verified_field = "mobile_verified"
    account_exists_text: str | None = None
    unknown_account_text: str | None = None

    def phone_form_field(self, **kwargs: Any) -> forms.Field:  # noqa: ANN401  a field's keywords
        """Return a field that takes a mainland number as people write it, and gives eleven digits."""
        return MobileField(**kwargs)

    @sensitive_variables()
    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:  # noqa: ANN401  allauth's own
        """Have the code sent, then make the user who signs up: where a limit stands against the code, nobody is made.

        The welcome text of ``IHUYI["REGISTRATION"]`` waits until the number is verified.
        """
        phone = form.cleaned_data.get("phone") if getattr(form, "_has_phone_field", False) else None
        if phone:
            code = self.generate_phone_verification_code(user=user, phone=phone)
            self.send_verification_code_sms(user, phone, code)
            setattr(user, _SENT, (normalize_mobile(phone), code))
            registration.skip_welcome(user)
        return super().save_user(request, user, form, commit)

    @sensitive_variables()
    def generate_phone_verification_code(self, *, user: Any, phone: str) -> str:  # noqa: ANN401  the site's user model
        """Make a code of as many digits as ``CODE_LENGTH`` says; at a sign-up, return the one that just went out."""
        number, sent = getattr(user, _SENT, (None, ""))
        if sent and number == normalize_mobile(phone):
            return str(sent)
        length = get_verification().code_length
        return f"{secrets.randbelow(10**length):0{length}}"

    @sensitive_variables()
    def send_verification_code_sms(self, user: Any, phone: str, code: str, **kwargs: Any) -> None:  # noqa: ANN401  allauth's own
        """Send the code, unless that was done before the user was made."""
        if getattr(user, _SENT, None) == (normalize_mobile(phone), code):
            delattr(user, _SENT)
            return
        try:
            send_external_code(
                phone, self.code_purpose, code, ip=self._address(), account=self.code_account, quietly=True
            )
        except CodeThrottled as error:
            raise self._refused(error) from error

    @sensitive_variables()
    def send_unknown_account_sms(self, phone: str, **kwargs: Any) -> None:  # noqa: ANN401  allauth's own
        """Count what a known number's code would count, and send ``unknown_account_text`` if there is one."""
        self._send_instead(phone, self.unknown_account_text)

    @sensitive_variables()
    def send_account_already_exists_sms(self, phone: str) -> None:
        """Count what a new number's code would count, and send ``account_exists_text`` if there is one."""
        self._send_instead(phone, self.account_exists_text)

    @sensitive_variables()
    def set_phone(self, user: Any, phone: str, verified: bool) -> None:  # noqa: ANN401  allauth's own
        """Give the user a number.

        A verified one is taken out of the rows of those who only typed it. One that is not verified, and stands in
        another row of a unique field, is written nowhere: allauth's session has it until the code is entered.
        """
        number = normalize_mobile(phone)
        using = router.db_for_write(self._model())
        if hasattr(user, _TYPED):
            delattr(user, _TYPED)
        if verified:
            with transaction.atomic(using=using):
                self._take_from_others(user, number, using)
                self._store(user, number, verified=True)
            return
        try:
            with transaction.atomic(using=using):
                self._store(user, number, verified=False)
        except IntegrityError:
            self._store(user, None, verified=False)
            setattr(user, _TYPED, number)

    @sensitive_variables()
    def get_phone(self, user: Any) -> tuple[str, bool] | None:  # noqa: ANN401  the site's user model
        """Return the user's number and whether it was verified; None if there is none."""
        if hasattr(user, _TYPED):
            return getattr(user, _TYPED), False
        row = self._row(user)
        phone = getattr(row, self.phone_field, None)
        return (str(phone), bool(getattr(row, self.phone_verified_field))) if phone else None

    @sensitive_variables()
    def set_phone_verified(self, user: Any, phone: str) -> None:  # noqa: ANN401  the site's user model
        """Note that the user entered the code that was sent to the number, and welcome who has just signed up."""
        before = self.get_phone(user)
        mark_entered(phone, self.code_purpose)
        self.set_phone(user, phone, verified=True)
        # Somebody who was logged in before is no newcomer.
        if getattr(user, "last_login", None) is None and not (before and before[1]):
            registration.send_welcome(user, normalize_mobile(phone))

    @sensitive_variables()
    def get_user_by_phone(self, phone: str) -> Any:  # noqa: ANN401  the site's user model
        """Return whose verified number it is; None if nobody's."""
        try:
            number = normalize_mobile(phone)
        except InvalidMessage:
            return None
        path = f"{self.phone_relation}__" if self.phone_relation else ""
        wanted = {f"{path}{self.phone_field}": number, f"{path}{self.phone_verified_field}": True}
        return get_user_model()._default_manager.filter(**wanted).order_by("pk").first()

    def _relation(self) -> OneToOneRel | None:
        """How the model with the number belongs to the user model; None: it is the user model."""
        if self.phone_relation is None:
            return None
        return cast("OneToOneRel", get_user_model()._meta.get_field(self.phone_relation))  # E030 says if it is none

    def _model(self) -> type[Model]:
        relation = self._relation()
        return get_user_model() if relation is None else relation.related_model

    def _row(self, user: Any, *, make: bool = False) -> Any:  # noqa: ANN401  the user, or what belongs to the user
        """Where the user's number is; without a row for it yet None, or with ``make`` one that is not saved."""
        relation = self._relation()
        if relation is None:
            return user
        row = getattr(user, str(relation.get_accessor_name()), None)
        return relation.related_model(**{relation.field.name: user}) if row is None and make else row

    def _store(self, user: Any, number: str | None, *, verified: bool) -> None:  # noqa: ANN401  the site's user model
        row = self._row(user, make=True)
        setattr(row, self.phone_field, self._empty() if number is None else number)
        setattr(row, self.phone_verified_field, verified)
        row.save(update_fields=None if row._state.adding else [self.phone_field, self.phone_verified_field])

    def _take_from_others(self, user: Any, number: str, using: str) -> None:  # noqa: ANN401  the site's user model
        """Empty the number where it is not verified, but with this user."""
        relation = self._relation()
        typed = (
            self._model()
            ._base_manager.using(using)
            .filter(**{self.phone_field: number, self.phone_verified_field: False})
        )
        owner = "pk" if relation is None else relation.field.name
        typed.exclude(**{owner: user.pk}).update(**{self.phone_field: self._empty()})

    def _empty(self) -> str | None:
        return None if self._model()._meta.get_field(self.phone_field).null else ""

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
        # Without a request there is nobody to answer.
        return error if self.request is None else ImmediateHttpResponse(_answer(self.request, error))


def _answer(request: HttpRequest, error: CodeThrottled) -> HttpResponse:
    """Answer a limit that was met: with a page, or in JSON where the request is for ``allauth.headless``."""
    if not hasattr(getattr(request, "allauth", None), "headless"):
        return throttled(request, error)
    from allauth.headless.base.response import AuthenticationResponse

    # At a sign-up with a number that has an account, allauth passes on a response of this class only, and anything
    # else as if a code were on its way: the answer would tell which numbers have accounts.
    response: HttpResponse = AuthenticationResponse(request)
    # The words say how long to wait where that helps, and not which limit it was.
    errors = [{"code": "throttled", "message": throttle_text(error)}]
    response.status_code = error.status
    response.content = json.dumps({"status": error.status, "errors": errors})
    if error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response
