"""What a push must contain, and what is made of it. The gateway's field names are kept to the letter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from django_ihuyi import conf
from django_ihuyi.clock import read_china_time
from django_ihuyi.gateway.products import PRODUCTS, SMS, Product
from django_ihuyi.models import Receipt, Reply, TemplateReview
from django_ihuyi.models.push import Push
from django_ihuyi.outbound.numbers import normalise_pushed
from django_ihuyi.outbound.redirected import meant

from . import words

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class WireText(serializers.CharField):
    """Text as the gateway pushed it. What no database can store is replaced, because a push is never thrown away."""

    def to_internal_value(self, data: object) -> str:
        """Take texts and numbers; cut what is longer than the column."""
        if isinstance(data, bool) or not isinstance(data, str | int | float):
            self.fail("invalid")
        return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", str(data)).strip()

    def run_validation(self, data: Any = serializers.empty) -> str:  # noqa: ANN401  the signature of DRF
        """Skip DRF's own checks for NUL and the like, which would refuse the push."""
        _is_empty, value = self.validate_empty_values(data)
        if _is_empty:
            return str(value or "")
        text = self.to_internal_value(data)
        if not text and not self.allow_blank:
            self.fail("blank")
        return text[: self.max_length] if self.max_length else text


class PushCode(serializers.IntegerField):
    """A code as every database can keep it."""

    def __init__(self) -> None:
        super().__init__(min_value=-(2**31), max_value=2**31)


class PushSerializer(serializers.Serializer[Push]):
    """What all pushes have. ``context["product"]`` is the product that the URL names, if it names one."""

    mobilephone = WireText(max_length=32)
    smsid = WireText(max_length=64)

    def to_internal_value(self, data: Mapping[str, Any]) -> Any:  # noqa: ANN401  the signature of DRF
        """Read a push of any product: what it calls the message's id tells which, whatever URL it came to."""
        named = (one for one in PRODUCTS.values() if one is not SMS and one.id_field in data)
        self.product: Product = next(named, self.context.get("product", SMS))
        if self.product is not SMS and self.product.id_field in data:
            # items() of a form has the last one of each name, as the form itself.
            data = {**dict(data.items()), "smsid": data[self.product.id_field]}
        return super().to_internal_value(data)

    def validate_mobilephone(self, value: str) -> str:
        """Make it the number that messages have, where it can be read."""
        return normalise_pushed(value, self.product)

    def validate_smsid(self, value: str) -> str:
        """Take the gateway's ways of saying "none" for what they are."""
        return "" if not value.strip("0") else value


class ReceiptSerializer(PushSerializer):
    """A delivery receipt."""

    code = PushCode()
    msg = WireText(max_length=255, required=False, allow_blank=True, default="")
    report_time = WireText(max_length=64)
    smsid = WireText(max_length=64, allow_blank=True)

    def create(self, validated_data: Mapping[str, Any]) -> Receipt:
        """Keep the receipt and tell its message."""
        receipt = Receipt(
            mobile=meant(validated_data["mobilephone"], validated_data["smsid"]),
            smsid=validated_data["smsid"],
            product=self.product.name,
            code=validated_data["code"],
            msg=validated_data["msg"],
            # A time of another shape is kept as it came: the carrier's word counts without it.
            report_time=read_china_time(validated_data["report_time"]),
            report_time_text=validated_data["report_time"],
        )
        Receipt.objects.receive(receipt, window=conf.get_settings().receipt_window)
        return receipt


class ReplySerializer(PushSerializer):
    """An upstream reply."""

    smsid = WireText(max_length=64, required=False, allow_blank=True, default="")
    content = WireText(allow_blank=True)
    reply_time = WireText(max_length=64)

    def create(self, validated_data: Mapping[str, Any]) -> Reply:
        """Keep the reply, and do what it wants of marketing texts."""
        reply = Reply(
            mobile=meant(validated_data["mobilephone"], validated_data["smsid"]),
            smsid=validated_data["smsid"],
            content=validated_data["content"],
            reply_time=read_china_time(validated_data["reply_time"]),
            reply_time_text=validated_data["reply_time"],
        )
        settings = conf.get_settings()
        opt_out = words.find(reply.content, settings.opt_out_words)
        opt_in = opt_out is None and words.find(reply.content, settings.opt_in_words) is not None
        Reply.objects.receive(reply, opt_out=opt_out, opt_in=opt_in)
        return reply


class TemplateReviewSerializer(serializers.Serializer[TemplateReview]):
    """A template review."""

    code = PushCode()
    msg = WireText(max_length=255, required=False, allow_blank=True, default="")
    templateid = WireText(max_length=64)

    def create(self, validated_data: Mapping[str, Any]) -> TemplateReview:
        """Keep the review and tell its template."""
        review = TemplateReview(**validated_data)
        TemplateReview.objects.receive(review)
        return review
