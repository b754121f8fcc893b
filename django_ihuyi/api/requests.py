"""What a request must contain. What only the gateway would refuse is left to ``send_sms``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from django_ihuyi import conf
from django_ihuyi.models import Message

MOST_ROWS = 10_000
_LONGEST_METADATA = 4096
_LATEST = timedelta(days=366)
_UNSTORABLE = re.compile(r"\\u0000|\\ud[89a-f]")
_OF_A_ROW = frozenset({"mobile", "content", "params", "metadata"})


def read(serializer_class: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return what a request says.

    Raises:
        ValidationError: Something is missing or wrong.
    """
    serializer = serializer_class(data=request.data)
    serializer.is_valid(raise_exception=True)
    return cast("dict[str, Any]", serializer.validated_data)


class Moment(serializers.DateTimeField):
    """A time in ISO 8601, not further away than anybody plans."""

    def __init__(self, **arguments: Any) -> None:  # noqa: ANN401  the signature of DRF
        super().__init__(input_formats=["iso-8601"], **arguments)

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
            raise serializers.ValidationError(_("Write an object of up to 4096 characters of JSON."))
        return data


def are_params(data: object) -> bool:
    """Whether these can be a template's variables."""
    values = list(data.values()) if isinstance(data, Mapping) else data
    return isinstance(values, list) and all(isinstance(one, str | int | float) for one in values)


def is_metadata(data: object) -> bool:
    """Whether every database can keep it."""
    if not isinstance(data, Mapping):
        return False
    text = json.dumps(data)
    return len(text) <= _LONGEST_METADATA and not _UNSTORABLE.search(text)


class What(serializers.Serializer[Any]):
    """What is said, and when: common to one message and to many."""

    content = serializers.CharField(required=False, trim_whitespace=False, max_length=2000)
    template = serializers.CharField(required=False, max_length=32)
    params = Params(required=False)
    category = serializers.ChoiceField(choices=Message.Category.values, default="notification")
    account = serializers.CharField(default="default", max_length=64)
    send_at = Moment(required=False)
    expires_at = Moment(required=False)
    metadata = Metadata(required=False)

    def validate_account(self, value: str) -> str:
        """Refuse an account that there is not."""
        if value not in conf.get_account_aliases():
            raise serializers.ValidationError(_("There is no such account."))
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what excludes each other."""
        if "content" in attrs and "template" in attrs:
            raise serializers.ValidationError(_("Give content or template, not both."))
        if "params" in attrs and "template" not in attrs:
            raise serializers.ValidationError(_("params are a template's variables: give template as well."))
        now = timezone.now()
        if "expires_at" in attrs and attrs["expires_at"] <= max(now, attrs.get("send_at", now)):
            raise serializers.ValidationError(_("expires_at is not after send_at and the present."))
        return attrs


class OneMessage(What):
    """A message to send."""

    mobile = serializers.CharField(max_length=64)


class ManyMessages(What):
    """Up to 10,000 messages to send, with what they have in common."""

    messages = serializers.JSONField()

    def validate_messages(self, value: object) -> list[dict[str, Any]]:
        """Look at the rows by hand: a serializer for each would take seconds."""
        if not isinstance(value, list) or not 1 <= len(value) <= MOST_ROWS:
            raise serializers.ValidationError(_("Write a list of 1 to 10,000 messages."))
        for index, row in enumerate(value):
            if not _is_row(row):
                text = _("Message %(index)s is not an object of mobile and any of content, params and metadata.")
                raise serializers.ValidationError(text % {"index": index})
        return value


def _is_row(row: object) -> bool:
    return (
        isinstance(row, dict)
        and row.keys() <= _OF_A_ROW
        and isinstance(row.get("mobile"), str)
        and isinstance(row.get("content", ""), str)
        and are_params(row.get("params", []))
        and is_metadata(row.get("metadata", {}))
    )


class CodeWanted(serializers.Serializer[Any]):
    """A verification code to send; ``ip`` is the address of the person who asks, not the caller's."""

    mobile = serializers.CharField(max_length=64)
    purpose = serializers.CharField(max_length=32)
    ip = serializers.IPAddressField(required=False)
    account = serializers.CharField(default="default", max_length=64)
    captcha = serializers.JSONField(required=False)

    validate_account = What.validate_account


class CodeTyped(serializers.Serializer[Any]):
    """A code that a person typed."""

    mobile = serializers.CharField(max_length=64)
    purpose = serializers.CharField(max_length=32)
    code = serializers.CharField(max_length=64)


class Wish(serializers.Serializer[Any]):
    """Somebody who wants no marketing texts."""

    mobile = serializers.CharField(max_length=64)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=255)
