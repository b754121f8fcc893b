"""Schemas of the responses. The responses themselves are made in ``answers``.

A test holds each against what is really answered.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from django_ihuyi.models import Message as MessageRow
from django_ihuyi.models import Template as TemplateRow

STATUSES = MessageRow.Status.values
CATEGORIES = MessageRow.Category.values
MASKED = _("Masked without the permission view_unmasked.")
MEANING = _("What the code means, in the language of the request.")


class Shape(serializers.Serializer[Any]):
    """An object."""


class Message(Shape):
    """A message."""

    id = serializers.IntegerField()
    mobile = serializers.CharField(help_text=MASKED)
    content = serializers.CharField(
        allow_blank=True, help_text=_("Masked without the permission view_unmasked; a verification text always.")
    )
    template = serializers.CharField(allow_null=True, help_text=_("The gateway's id of the template."))
    category = serializers.ChoiceField(choices=CATEGORIES)
    account = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    code = serializers.IntegerField(allow_null=True, help_text=_("The gateway's answer."))
    meaning = serializers.CharField(allow_null=True, help_text=MEANING)
    smsid = serializers.CharField(allow_null=True, help_text=_("The gateway's id of the message."))
    segments = serializers.IntegerField(help_text=_("How many the gateway charges, if it takes the message."))
    attempts = serializers.IntegerField(help_text=_("How often a worker took it up."))
    batch = serializers.IntegerField(allow_null=True)
    metadata = serializers.DictField(allow_null=True, help_text=_("Null without the permission view_unmasked."))
    receipt_code = serializers.IntegerField(allow_null=True)
    receipt_msg = serializers.CharField(allow_blank=True, help_text=_("The carrier's words."))
    created_at = serializers.DateTimeField()
    send_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    accepted_at = serializers.DateTimeField(allow_null=True)
    reported_at = serializers.DateTimeField(allow_null=True)


class Refusal(Shape):
    """A row of a bulk that was not recorded."""

    index = serializers.IntegerField(help_text=_("Its place in messages, from 0."))
    code = serializers.IntegerField(help_text=_("What the gateway would have answered."))
    meaning = serializers.CharField(help_text=MEANING)
    reason = serializers.CharField()


class BulkResult(Shape):
    """What became of a bulk."""

    batch = serializers.IntegerField()
    recorded = serializers.IntegerField()
    refused_count = serializers.IntegerField(help_text=_("How many rows were not recorded."))
    refused = Refusal(many=True, help_text=_("The first 1,000 of them."))


class Batch(Shape):
    """A batch."""

    id = serializers.IntegerField()
    category = serializers.ChoiceField(choices=CATEGORIES)
    account = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(
        allow_null=True, help_text=_("When all of it was recorded, or recording failed.")
    )
    recorded = serializers.IntegerField()
    refused = serializers.IntegerField()
    error = serializers.CharField(
        allow_blank=True, help_text=_("Which error ended the recording early; the same request goes on with it.")
    )
    by_status = serializers.DictField(child=serializers.IntegerField(), help_text=_("Messages in each status."))
    counted_to = serializers.IntegerField(help_text=_("A status is counted up to so many messages."))


class Reply(Shape):
    """A reply."""

    id = serializers.IntegerField()
    message = serializers.IntegerField(allow_null=True, help_text=_("The message that it answers, if that is known."))
    mobile = serializers.CharField(allow_blank=True, help_text=MASKED)
    content = serializers.CharField(allow_blank=True, help_text=MASKED)
    reply_time = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField()


class OptOut(Shape):
    """Somebody who opted out."""

    id = serializers.IntegerField()
    mobile = serializers.CharField(help_text=MASKED)
    reason = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()


class SentCode(Shape):
    """A verification code that is under way."""

    message = serializers.IntegerField(help_text=_("The message that carries it."))
    expires_at = serializers.DateTimeField()


class CheckedCode(Shape):
    """Whether a code was right."""

    right = serializers.BooleanField()


class Template(Shape):
    """A template."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    account = serializers.CharField()
    text = serializers.CharField()
    variables = serializers.ListField(child=serializers.CharField(), help_text=_("Their names, in the text's order."))
    template_id = serializers.CharField(allow_null=True, help_text=_("The gateway's id of the template."))
    state = serializers.ChoiceField(choices=TemplateRow.State.values)
    usable = serializers.BooleanField(help_text=_("Whether messages can be sent with it."))
    msg = serializers.CharField(allow_blank=True, help_text=_("The gateway's words."))
    error = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    reviewed_at = serializers.DateTimeField(allow_null=True)


class Balance(Shape):
    """What an account had left; null where nothing has been read."""

    account = serializers.CharField()
    unit = serializers.ChoiceField(["messages", "yuan"], help_text=_("What remaining counts."))
    remaining = serializers.IntegerField(allow_null=True)
    read_at = serializers.DateTimeField(allow_null=True)
    low = serializers.BooleanField(allow_null=True, help_text=_("Whether it is below BALANCE_LOW."))


class Balances(Shape):
    """All accounts of the settings."""

    results = Balance(many=True)


class _List(Shape):
    next = serializers.URLField(allow_null=True, help_text=_("The address of the next page."))


class MessageList(_List):
    """A page of messages."""

    results = Message(many=True)


class ReplyList(_List):
    """A page of replies."""

    results = Reply(many=True)


class OptOutList(_List):
    """A page of opt-outs."""

    results = OptOut(many=True)


class TemplateList(_List):
    """A page of templates."""

    results = Template(many=True)
