"""Endpoints of templates and balances."""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from django_ihuyi import balance
from django_ihuyi.models import Template

from . import answers
from .base import Endpoint, find
from .pagination import ACCOUNT, NAME, STATUS, page, read_query
from .serializer_fields import Text


class Templates(Endpoint):
    """The list of templates."""

    permissions = {"GET": "django_ihuyi.view_template"}
    filters = {
        "name": ("name", Text(max_length=32, help_text=NAME)),
        "account": ("account", Text(max_length=64, help_text=ACCOUNT)),
        "state": ("state", serializers.ChoiceField(choices=Template.State.values, help_text=STATUS)),
    }

    def get(self, request: Request) -> Response:
        """List templates."""
        return page(request, Template.objects.all(), self.filters, answers.template)


class OneTemplate(Endpoint):
    """One template."""

    permissions = {"GET": "django_ihuyi.view_template"}

    def get(self, request: Request, pk: int) -> Response:
        """Look at it."""
        return Response(answers.template(find(Template, pk)))


class Balances(Endpoint):
    """What the accounts had left when they were asked last."""

    permissions = {"GET": "django_ihuyi.view_balancereading"}

    def get(self, request: Request) -> Response:
        """List them: one for each account of the settings, in their order."""
        read_query(request, {})
        return Response({"results": [answers.balance(*one) for one in balance.latest()]})
