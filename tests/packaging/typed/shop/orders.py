"""Right uses, each with the type that comes of it, and wrong ones, which have to be refused.

Where a wrong use is not refused, its ``type: ignore`` is of no use, and that is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, assert_type

from django import forms
from django.dispatch import receiver
from django.utils import timezone

from django_ihuyi import BulkResult, offer_code, send_bulk, send_code, send_sms, verify_code
from django_ihuyi.exceptions import CodeThrottled, InvalidMessage, ThrottleReason
from django_ihuyi.forms import MobileField
from django_ihuyi.gateway import Client
from django_ihuyi.models import Batch, Message
from django_ihuyi.signals import message_delivered
from django_ihuyi.testing import Outbox, Sent


def send(order: int) -> Message | None:
    """Send one text."""
    try:
        message = send_sms(
            "13800138000", "您的订单已发货。", send_at=timezone.now() + timedelta(hours=1), metadata={"order": order}
        )
    except InvalidMessage as error:
        assert_type(error.code, int)
        return None
    assert_type(message, Message)
    assert_type(message.cancel(), bool)
    return message


def send_many() -> int:
    """Send texts from a generator."""

    def rows() -> Iterator[tuple[str, str]]:
        yield "13800138000", "您的订单已发货。"

    result = send_bulk(rows(), batch_size=500, category="notification")
    assert_type(result, BulkResult)
    assert_type(result.batch, Batch)
    return result.recorded


def code(mobile: str, typed: str, *, known: bool) -> bool:
    """Send a code and check one."""
    try:
        assert_type(send_code(mobile, "sign-up", ip="203.0.113.7"), Message)
        offer_code(mobile, "log-in", known=known)
    except CodeThrottled as error:
        assert_type(error.retry_after, int)
        assert_type(error.reason, ThrottleReason)
    return verify_code(mobile, "sign-up", typed)


def ask() -> int:
    """Speak to the gateway."""
    client = Client("cf_typed", "0123456789abcdef0123456789abcdef", timeout=(3.05, 10))
    result = client.submit("13800138000", "您的订单已发货。")
    assert_type(result.smsid, str | None)
    assert_type(result.code, int)
    return client.get_balance()


@receiver(message_delivered)
def note(message: Message, **_kwargs: Any) -> None:
    """Hear of a delivery."""
    assert_type(message.cancel(), bool)


class OrderForm(forms.Form):
    """A form that asks for a number."""

    mobile = MobileField()


def texts_to_one_person(outbox: Outbox) -> list[Sent]:
    """Read what went out, as a site's own test does."""
    assert_type(outbox[0], Sent)
    return outbox.to("13800138000")


def wrong() -> None:
    """Refuse to be read as right."""
    send_sms(13800138000.0, "您的订单已发货。")  # type: ignore[arg-type]
    send_sms("13800138000", "您的订单已发货。", when="later")  # type: ignore[call-arg]
    send_bulk([13800138000.0])  # type: ignore[list-item]
    verify_code("13800138000", "sign-up", code=123456)  # type: ignore[arg-type]
    offer_code("13800138000", "log-in")  # type: ignore[call-arg]
    Client("cf_typed")  # type: ignore[call-arg]
    len(send_code("13800138000", "sign-up"))  # type: ignore[arg-type]
