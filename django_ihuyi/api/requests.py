"""Serializers of request bodies. ``send_sms`` does the checks that the gateway would do."""

from __future__ import annotations

from typing import Any, cast

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request

from django_ihuyi.models import Message
from django_ihuyi.models.metadata import MAX_LENGTH, MAX_LEVELS

from .serializer_fields import Account, Address, Metadata, Mobile, Moment, Params, Text, are_params, is_metadata

MOST_ROWS = 10_000
ACCOUNT = gettext_lazy("The alias of an account in the settings.")
MOBILE = gettext_lazy(
    "A mainland mobile number. Eleven digits, with or without +86, are safest; spaces and dashes are taken as well."
)
PURPOSE = gettext_lazy("What the code is for, such as sign-up. A code is good for its purpose only.")
_OF_A_ROW = frozenset({"mobile", "content", "params", "metadata"})


def read(serializer_class: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return what a request says.

    Raises:
        ValidationError: Something is missing or wrong.
    """
    serializer = serializer_class(data=request.data)
    serializer.is_valid(raise_exception=True)
    return cast("dict[str, Any]", serializer.validated_data)


class What(serializers.Serializer[Any]):
    """What is said, and when: common to one message and to many."""

    content = Text(
        required=False,
        trim_whitespace=False,
        max_length=2000,
        help_text=gettext_lazy("The whole text without the signature. Either this or template."),
    )
    template = Text(
        required=False, max_length=32, help_text=gettext_lazy("A template's name in the registry, or the gateway's id.")
    )
    params = Params(
        required=False,
        help_text=gettext_lazy("The template's variables by name or in its order; by the gateway's id in its order."),
    )
    category = serializers.ChoiceField(
        choices=Message.Category.values,
        default="notification",
        # Django REST framework's own repeats the value, which JSON may have but no answer can carry.
        error_messages={"invalid_choice": gettext_lazy("There is no such category.")},
        help_text=gettext_lazy("Decides the queue; a marketing text does not go to who opted out."),
    )
    account = Account(default="default", max_length=64, help_text=ACCOUNT)
    send_at = Moment(required=False, help_text=gettext_lazy("Not before this time, within a year."))
    expires_at = Moment(
        required=False,
        help_text=gettext_lazy("Not at or after this time, which is after send_at and the present and within a year."),
    )
    metadata = Metadata(
        required=False,
        help_text=gettext_lazy("An object of your own, up to 4096 characters of JSON and 20 levels; never sent."),
    )

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


class NewMessage(What):
    """A message to send."""

    mobile = Mobile(max_length=64, help_text=MOBILE)


class Rows(serializers.JSONField):
    """The messages of a bulk."""

    def to_internal_value(self, data: Any) -> Any:  # noqa: ANN401  the signature of DRF
        """Look at the rows by hand: a serializer for each would take seconds."""
        if not isinstance(data, list) or not 1 <= len(data) <= MOST_ROWS:
            raise serializers.ValidationError(_("Write a list of 1 to 10,000 messages."))
        for index, row in enumerate(data):
            if not _is_row(row):
                text = _("Message %(index)s is not an object of mobile and any of content, params and metadata.")
                raise serializers.ValidationError(text % {"index": index})
            if not is_metadata(row.get("metadata", {})):
                text = _(
                    "Message %(index)s: write metadata as an object of up to %(longest)d characters of JSON and "
                    "%(levels)d levels."
                )
                raise serializers.ValidationError(text % {"index": index, "longest": MAX_LENGTH, "levels": MAX_LEVELS})
        return data


class NewMessages(What):
    """Up to 10,000 messages to send, with what they have in common."""

    messages = Rows(
        help_text=gettext_lazy(
            "1 to 10,000 messages: mobile, and what stands in place of the common; params with template."
        )
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse variables of no template."""
        if "template" not in attrs and any("params" in row for row in attrs["messages"]):
            raise serializers.ValidationError(
                {"messages": [_("params are a template's variables: give template as well.")]}
            )
        return super().validate(attrs)


def _is_row(row: object) -> bool:
    return (
        isinstance(row, dict)
        and row.keys() <= _OF_A_ROW
        and not row.keys() >= {"content", "params"}
        and isinstance(row.get("mobile"), str)
        and isinstance(row.get("content", ""), str)
        and are_params(row.get("params", []))
    )


class NewCode(serializers.Serializer[Any]):
    """A verification code to send; ``ip`` is the address of the person who asks, not the caller's."""

    mobile = Mobile(max_length=64, help_text=MOBILE)
    purpose = Text(max_length=32, help_text=PURPOSE)
    ip = Address(
        required=False, help_text=gettext_lazy("The address of the person who asks; without it no limit of one holds.")
    )
    account = Account(default="default", max_length=64, help_text=ACCOUNT)
    captcha = serializers.JSONField(
        required=False,
        allow_null=True,
        help_text=gettext_lazy("The person's answer to a captcha, as the site's captcha takes it."),
    )


class TypedCode(serializers.Serializer[Any]):
    """A code that a person typed."""

    mobile = Mobile(max_length=64, help_text=MOBILE)
    purpose = Text(max_length=32, help_text=PURPOSE)
    code = Text(max_length=64, help_text=gettext_lazy("What the person typed."))


class NewOptOut(serializers.Serializer[Any]):
    """Somebody who wants no marketing texts."""

    mobile = Mobile(max_length=64, help_text=MOBILE)
    reason = Text(
        required=False, allow_blank=True, default="", max_length=255, help_text=gettext_lazy("Why, in your words.")
    )
