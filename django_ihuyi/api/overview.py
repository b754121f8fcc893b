"""What a site's own pages want to know besides: its templates, what its accounts have left, and figures."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from django_ihuyi.balance import reading
from django_ihuyi.models import Template
from django_ihuyi.statistics import figures as statistics
from django_ihuyi.statistics import ranges

from . import answers, figures
from .base import Endpoint, find
from .fields import Text
from .lists import ACCOUNT, NAME, STATUS, page, read_query

USUAL = "7d"


class Templates(Endpoint):
    """The list of templates."""

    permissions = {"GET": "view_template"}
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

    permissions = {"GET": "view_template"}

    def get(self, request: Request, pk: int) -> Response:
        """Look at it."""
        return Response(answers.template(find(Template, pk)))


class Balances(Endpoint):
    """What the accounts had left when they were asked last."""

    permissions = {"GET": "view_balancereading"}

    def get(self, request: Request) -> Response:
        """List them: one for each account of the settings, in their order."""
        read_query(request, {})
        return Response({"results": [answers.balance(*one) for one in reading.latest()]})


class Stats(Endpoint):
    """The figures of a range of days, in the site's time zone."""

    permissions = {"GET": "view_dashboard"}
    query = {
        "range": serializers.ChoiceField(choices=ranges.NAMES, help_text=gettext_lazy("7d unless you say so.")),
        "from": serializers.DateField(input_formats=["iso-8601"], help_text=gettext_lazy("The first day.")),
        "to": serializers.DateField(input_formats=["iso-8601"], help_text=gettext_lazy("The last day.")),
    }

    def get(self, request: Request) -> Response:
        """Read them."""
        return Response(figures.of_range(statistics.read(_range(read_query(request, self.query)))))


def _range(given: dict[str, Any]) -> ranges.Range:
    zone = timezone.get_current_timezone()
    if not given.keys() & {"from", "to"}:
        return ranges.named(given.get("range", USUAL), now=timezone.now(), zone=zone)
    if given.keys() != {"from", "to"}:
        raise serializers.ValidationError({"range": [_("Give range, or from and to.")]})
    try:
        return ranges.own(given["from"], given["to"], zone=zone)
    except (ValueError, OverflowError) as error:
        text = _("Write a first and a last day, not more than %d days in all.") % ranges.LONGEST
        raise serializers.ValidationError({"to": [text]}) from error
