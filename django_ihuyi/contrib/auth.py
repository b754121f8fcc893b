"""Authentication backend for log-in with mobile number and verification code.

``AUTHENTICATION_BACKENDS = ["django_ihuyi.contrib.auth.CodeBackend", "django.contrib.auth.backends.ModelBackend"]``
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from django_ihuyi import verify_code
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.gateway.products import normalize_mobile


class CodeBackend(ModelBackend):
    """Knows a user by the mobile number, and takes a code that was sent to it instead of a password.

    Attributes:
        purpose: What :func:`django_ihuyi.send_code` is given for it.
        mobile_field: The user model's field that holds the number as eleven digits.
        verified_field: The user model's field that says whether the number is verified. Write it where people can give
            a number that they have not verified: whoever has only typed one is not found by it then. With None,
            everybody is.
    """

    purpose = "log-in"
    mobile_field = "mobile"
    verified_field: str | None = None

    @sensitive_variables()
    def authenticate(  # type: ignore[override]  # other credentials than a password, as Django provides for
        self,
        request: HttpRequest | None,
        mobile: str | None = None,
        code: str | None = None,
        **kwargs: Any,  # noqa: ANN401  other backends' credentials
    ) -> Any:  # noqa: ANN401  the site's user model
        """Return whose number it is if the code is right, which uses it up; else None.

        Args:
            request: The request, if there is one.
            mobile: The number, however it is written.
            code: What was typed.
            **kwargs: Another backend's credentials: then this one says nothing.
        """
        if mobile is None or code is None:
            return None
        # The code first: a wrong one takes as long whether or not there is a user.
        user = self.find(mobile) if verify_code(mobile, self.purpose, code) else None
        return user if user is not None and self.user_can_authenticate(user) else None

    @sensitive_variables()
    def knows(self, mobile: str) -> bool:
        """Whether somebody can log in with this number: what :func:`django_ihuyi.offer_code` wants to know."""
        user = self.find(mobile)
        return user is not None and self.user_can_authenticate(user)

    @sensitive_variables()
    def find(self, mobile: str) -> Any:  # noqa: ANN401  the site's user model
        """Return the user with this number; None if there is none, or more than one."""
        try:
            number = normalize_mobile(mobile)
        except InvalidMessage:
            return None
        wanted: dict[str, Any] = {self.mobile_field: number}
        if self.verified_field is not None:
            wanted[self.verified_field] = True
        found = list(get_user_model()._default_manager.filter(**wanted)[:2])
        return found[0] if len(found) == 1 else None
