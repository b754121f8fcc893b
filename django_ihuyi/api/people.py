"""Endpoints of replies and opt-outs."""

from __future__ import annotations

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from django_ihuyi.gateway.products import normalize_any
from django_ihuyi.models import OptOut, Reply

from . import answers
from .access import has_permission, sees_unmasked
from .base import Endpoint
from .pagination import FROM, NUMBER, UNTIL, page
from .requests import NewOptOut, read
from .serializer_fields import KnownMobile, Time


class Replies(Endpoint):
    """The list of replies."""

    permissions = {"GET": "django_ihuyi.view_reply"}
    filters = {
        "mobile": ("mobile", KnownMobile(help_text=NUMBER)),
        "received_from": ("received_at__gte", Time(help_text=FROM)),
        "received_until": ("received_at__lt", Time(help_text=UNTIL)),
    }

    def get(self, request: Request) -> Response:
        """List replies."""
        whole = sees_unmasked(request)
        return page(
            request, Reply.objects.all(), self.filters, lambda row: answers.reply(row, whole=whole), whole=whole
        )


class OptOuts(Endpoint):
    """The list of those who opted out, and where one is added."""

    permissions = {"GET": "django_ihuyi.view_optout", "POST": "django_ihuyi.add_optout"}
    takes = NewOptOut
    filters = {"mobile": ("mobile", KnownMobile(help_text=NUMBER))}

    def get(self, request: Request) -> Response:
        """List them."""
        whole = sees_unmasked(request)
        return page(
            request, OptOut.objects.all(), self.filters, lambda row: answers.opt_out(row, whole=whole), whole=whole
        )

    def post(self, request: Request) -> Response:
        """Add one; who is there already stays as they are.

        A caller who may not view opt-outs gets the same answer for a new row and for one that exists.
        """
        wish = read(self.takes, request)
        row, added = OptOut.objects.get_or_create(
            mobile=normalize_any(wish["mobile"]), defaults={"reason": wish["reason"]}
        )
        if not has_permission(request, "django_ihuyi.view_optout"):
            return Response(status=204)
        return Response(answers.opt_out(row, whole=sees_unmasked(request)), status=201 if added else 200)


class OneOptOut(Endpoint):
    """One who opted out."""

    permissions = {"DELETE": "django_ihuyi.delete_optout"}

    def delete(self, request: Request, pk: int) -> Response:
        """Take them off the list."""
        deleted, _models = OptOut.objects.filter(pk=pk).delete()
        if not deleted:
            raise Http404
        return Response(status=204)
