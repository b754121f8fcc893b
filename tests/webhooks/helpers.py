"""Messages that change, and workers that post what is told of them."""

from __future__ import annotations

from django.utils import timezone

from django_ihuyi.models import Message
from tests.fakes import FakeBroker

MOBILE, MASKED = "13800138000", "138******00"


def make(**values: object) -> Message:
    fields = {"mobile": MOBILE, "content": "您的验证码是：123456。", "status": "accepted", "smsid": "158", "code": 2}
    return Message.objects.create(**{**fields, **values})


def report(message: Message, *, delivered: bool = True) -> bool:
    return message.apply_receipt(
        delivered=delivered, code=2 if delivered else 0, msg="DELIVRD", reported_at=timezone.now()
    )


def work(broker: FakeBroker) -> None:
    """Do what workers do."""
    for published in broker.take():
        published.run()
