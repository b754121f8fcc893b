"""Schema of the ``stats/`` response."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from django_ihuyi.dashboard import date_ranges
from django_ihuyi.dashboard.models import WaitTally

from .shapes import CATEGORIES, MEANING, Shape


class Total(Shape):
    """A group of messages."""

    messages = serializers.IntegerField()
    taken = serializers.IntegerField(help_text=_("What the gateway took."))
    delivered = serializers.IntegerField()
    segments = serializers.IntegerField(help_text=_("Charged ones."))
    cost = serializers.CharField(allow_null=True, help_text=_("Yuan; null where an account has no price."))
    rate = serializers.FloatField(allow_null=True, help_text=_("The part that was delivered of what was taken."))


class Share(Total):
    """An account's messages of a category."""

    account = serializers.CharField()
    category = serializers.ChoiceField(choices=CATEGORIES)


class Period(Shape):
    """An hour or a day."""

    begin = serializers.DateTimeField()
    statuses = serializers.DictField(child=serializers.IntegerField())


class Refused(Shape):
    """Messages that were refused for the same reason."""

    code = serializers.IntegerField(allow_null=True, help_text=_("Null: there was no answer at all."))
    meaning = serializers.CharField(allow_null=True, help_text=MEANING)
    messages = serializers.IntegerField()


class Wait(Shape):
    """How long messages of a category waited for one thing, in seconds."""

    category = serializers.ChoiceField(choices=CATEGORIES)
    kind = serializers.ChoiceField(choices=WaitTally.Kind.values)
    messages = serializers.IntegerField()
    p50 = serializers.FloatField()
    p95 = serializers.FloatField()
    p99 = serializers.FloatField()


class Conversion(Shape):
    """Verification codes of a purpose."""

    purpose = serializers.CharField()
    sent = serializers.IntegerField()
    entered = serializers.IntegerField()
    rate = serializers.FloatField()


class Stats(Shape):
    """The figures of a range."""

    range = serializers.ChoiceField(choices=[*date_ranges.NAMES, "own"])
    to = serializers.DateField(help_text=_("The last day."))
    zone = serializers.CharField(help_text=_("The time zone of the days."))
    counted_at = serializers.DateTimeField(allow_null=True, help_text=_("When they were counted last."))
    uncounted = serializers.IntegerField(help_text=_("Half-hours that have never been counted."))
    total = Total()
    statuses = serializers.DictField(child=serializers.IntegerField(), help_text=_("Messages in each status."))
    unit = serializers.ChoiceField(choices=["hour", "day"], help_text=_("How long a period is."))
    periods = Period(many=True)
    shares = Share(many=True)
    refusals = Refused(many=True)
    waits = Wait(many=True)
    codes = Conversion(many=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add the one whose name is a word of Python's."""
        return {"from": serializers.DateField(help_text=_("The first day.")), **super().get_fields()}
