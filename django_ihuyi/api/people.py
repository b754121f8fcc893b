"""What concerns people: replies, opt-outs, and verification codes."""

from __future__ import annotations

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from django_ihuyi.models import OptOut, Reply
from django_ihuyi.outbound.numbers import normalise_any
from django_ihuyi.verification.checking import verify_code
from django_ihuyi.verification.issuing import send_code

from . import answers
from .access import sees_all
from .base import Endpoint
from .fields import KnownMobile, Time
from .lists import FROM, NUMBER, UNTIL, page
from .requests import NewCode, NewOptOut, TypedCode, read


class Replies(Endpoint):
    """The list of replies."""

    permissions = {"GET": "view_reply"}
    filters = {
        "mobile": ("mobile", KnownMobile(help_text=NUMBER)),
        "received_from": ("received_at__gte", Time(help_text=FROM)),
        "received_until": ("received_at__lt", Time(help_text=UNTIL)),
    }

    def get(self, request: Request) -> Response:
        """List replies."""
        whole = sees_all(request)
        return page(
            request, Reply.objects.all(), self.filters, lambda row: answers.reply(row, whole=whole), whole=whole
        )


class OptOuts(Endpoint):
    """The list of those who opted out, and where one is added."""

    permissions = {"GET": "view_optout", "POST": "add_optout"}
    takes = NewOptOut
    filters = {"mobile": ("mobile", KnownMobile(help_text=NUMBER))}

    def get(self, request: Request) -> Response:
        """List them."""
        whole = sees_all(request)
        return page(
            request, OptOut.objects.all(), self.filters, lambda row: answers.opt_out(row, whole=whole), whole=whole
        )

    def post(self, request: Request) -> Response:
        """Add one; who is there already stays as they are."""
        wish = read(self.takes, request)
        row, added = OptOut.objects.get_or_create(
            mobile=normalise_any(wish["mobile"]), defaults={"reason": wish["reason"]}
        )
        return Response(answers.opt_out(row, whole=sees_all(request)), status=201 if added else 200)


class OneOptOut(Endpoint):
    """One who opted out."""

    permissions = {"DELETE": "delete_optout"}

    def delete(self, request: Request, pk: int) -> Response:
        """Take them off the list."""
        deleted, _models = OptOut.objects.filter(pk=pk).delete()
        if not deleted:
            raise Http404
        return Response(status=204)


class Verifications(Endpoint):
    """Where verification codes are sent."""

    permissions = {"POST": "add_verificationcode"}
    takes = NewCode
    scope = "codes"

    def post(self, request: Request) -> Response:
        """Send a code, within the limits of ``VERIFICATION``."""
        wanted = read(self.takes, request)
        row = send_code(wanted.pop("mobile"), wanted.pop("purpose"), **wanted)
        return Response({"message": row.pk, "expires_at": row.expires_at}, status=202)


class VerificationChecks(Endpoint):
    """Where a code is checked that somebody typed."""

    permissions = {"POST": "change_verificationcode"}
    takes = TypedCode
    scope = "codes"

    def post(self, request: Request) -> Response:
        """Check it: right at most once."""
        typed = read(self.takes, request)
        mobile = normalise_any(typed["mobile"])
        return Response({"right": verify_code(mobile, typed["purpose"], typed["code"])})
