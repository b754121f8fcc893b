"""Serializer fields of request bodies, with strict types."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from django_ihuyi import conf
from django_ihuyi.china_time import as_site_time
from django_ihuyi.gateway.products import normalize_any
from django_ihuyi.models.metadata import MAX_LENGTH, MAX_LEVELS, check_metadata

_GREATEST = 2**63 - 1
"""The greatest key that every database has."""
_LATEST = timedelta(days=366)
_EARLIEST_ASKED, _LATEST_ASKED = datetime(1970, 1, 2, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class Text(serializers.CharField):
    """A text. What is none, such as a number that a client forgot to quote, is refused instead of guessed at."""

    def to_internal_value(self, data: object) -> str:
        """Read it."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Mobile(Text):
    """A number to send to, as people write it; :func:`~django_ihuyi.send_sms` judges it."""


class KnownMobile(Mobile):
    """A number to look for, however it is written."""

    def to_internal_value(self, data: object) -> str:
        """Make it what the record has.

        Raises:
            InvalidMessage: It is none, which is the same problem as where one is sent to.
        """
        return normalize_any(data)


class Key(serializers.IntegerField):
    """A row's id."""

    def __init__(self, **arguments: Any) -> None:  # noqa: ANN401  the signature of DRF
        super().__init__(min_value=1, max_value=_GREATEST, **arguments)


class Account(Text):
    """The alias of an account in the settings."""

    def to_internal_value(self, data: object) -> str:
        """Refuse an account that there is not."""
        alias = super().to_internal_value(data)
        if alias not in conf.get_account_aliases():
            raise serializers.ValidationError(_("There is no such account."))
        return alias


class Address(serializers.IPAddressField):
    """An address of IPv4 or IPv6."""


class Time(serializers.DateTimeField):
    """A time to look for, in ISO 8601; one that no database has is taken as the first or last that all have."""

    def __init__(self, **arguments: Any) -> None:  # noqa: ANN401  the signature of DRF
        super().__init__(input_formats=["iso-8601"], **arguments)

    def enforce_timezone(self, value: datetime) -> datetime:
        """Make it fit the site; one without a zone is in the site's."""
        aware = value.replace(tzinfo=timezone.get_current_timezone()) if timezone.is_naive(value) else value
        return as_site_time(min(max(aware, _EARLIEST_ASKED), _LATEST_ASKED))


class Moment(Time):
    """A time in ISO 8601, not further away than anybody plans."""

    def to_internal_value(self, value: Any) -> datetime:  # noqa: ANN401  the signature of DRF
        """Read it."""
        moment = super().to_internal_value(value)
        if abs(moment - timezone.now()) > _LATEST:
            raise serializers.ValidationError(_("Write a time within a year."))
        return moment


class Params(serializers.JSONField):
    """A template's variables: a list of texts and numbers, or a dict of such."""

    def to_internal_value(self, data: Any) -> Any:  # noqa: ANN401  the signature of DRF
        """Read them."""
        if not are_params(data):
            raise serializers.ValidationError(_("Write a list of texts."))
        return data


class Metadata(serializers.JSONField):
    """A JSON object of the caller's own."""

    def to_internal_value(self, data: Any) -> Any:  # noqa: ANN401  the signature of DRF
        """Read it."""
        if not is_metadata(data):
            text = _("Write an object of up to %(longest)d characters of JSON and %(levels)d levels.")
            raise serializers.ValidationError(text % {"longest": MAX_LENGTH, "levels": MAX_LEVELS})
        return data


def are_params(data: object) -> bool:
    """Whether these can be a template's variables."""
    values = list(data.values()) if isinstance(data, Mapping) else data
    return isinstance(values, list) and all(
        isinstance(one, str | int | float) and not isinstance(one, bool) for one in values
    )


def is_metadata(data: object) -> bool:
    """Whether ``send_sms`` takes it."""
    if not isinstance(data, Mapping):
        return False
    try:
        check_metadata(data)
    except ValueError:
        return False
    return True
