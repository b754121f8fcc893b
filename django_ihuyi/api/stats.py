"""Endpoint of statistics. Imported only if the dashboard app is installed."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from django_ihuyi.dashboard import date_ranges
from django_ihuyi.dashboard import report as statistics

from . import figures
from .base import Endpoint
from .pagination import read_query

USUAL = "7d"


class Stats(Endpoint):
    """The figures of a range of days, in the site's time zone."""

    permissions = {"GET": "ihuyi_dashboard.view_dashboard"}
    query = {
        "range": serializers.ChoiceField(choices=date_ranges.NAMES, help_text=gettext_lazy("7d unless you say so.")),
        "from": serializers.DateField(input_formats=["iso-8601"], help_text=gettext_lazy("The first day.")),
        "to": serializers.DateField(input_formats=["iso-8601"], help_text=gettext_lazy("The last day.")),
    }

    def get(self, request: Request) -> Response:
        """Read them."""
        return Response(figures.of_range(statistics.read_report(_range(read_query(request, self.query)))))


def _range(given: dict[str, Any]) -> date_ranges.Range:
    zone = timezone.get_current_timezone()
    if not given.keys() & {"from", "to"}:
        return date_ranges.named(given.get("range", USUAL), now=timezone.now(), zone=zone)
    if given.keys() != {"from", "to"}:
        raise serializers.ValidationError({"range": [_("Give range, or from and to.")]})
    try:
        return date_ranges.own(given["from"], given["to"], zone=zone)
    except (ValueError, OverflowError) as error:
        text = _("Write a first and a last day, not more than %d days in all.") % date_ranges.MAX_DAYS
        raise serializers.ValidationError({"to": [text]}) from error
