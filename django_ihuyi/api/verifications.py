"""Endpoints of verification codes. Imported only if their app is installed."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from django_ihuyi.gateway.products import normalize_any
from django_ihuyi.verification.codes import send_code, verify_code

from .base import Endpoint
from .requests import NewCode, TypedCode, read


class Verifications(Endpoint):
    """Where verification codes are sent."""

    permissions = {"POST": "ihuyi_verification.add_verificationcode"}
    takes = NewCode
    scope = "codes"

    def post(self, request: Request) -> Response:
        """Send a code, within the limits of ``VERIFICATION``."""
        wanted = read(self.takes, request)
        row = send_code(wanted.pop("mobile"), wanted.pop("purpose"), **wanted)
        return Response({"message": row.pk, "expires_at": row.expires_at}, status=202)


class VerificationChecks(Endpoint):
    """Where a code is checked that somebody typed."""

    permissions = {"POST": "ihuyi_verification.change_verificationcode"}
    takes = TypedCode
    scope = "codes"

    def post(self, request: Request) -> Response:
        """Check it: right at most once."""
        typed = read(self.takes, request)
        mobile = normalize_any(typed["mobile"])
        return Response({"right": verify_code(mobile, typed["purpose"], typed["code"])})
