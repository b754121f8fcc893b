"""The types of the record's fields. mypy has them from the plugin of django-stubs; pyright has no plugin."""

from __future__ import annotations

from datetime import datetime
from typing import assert_type

from django_ihuyi.models import Message, Receipt, Reply


def read(message: Message, receipt: Receipt, reply: Reply) -> None:
    """Read one row of each."""
    assert_type(message.mobile, str)
    assert_type(message.status, str)
    assert_type(message.segments, int)
    assert_type(message.code, int | None)
    assert_type(message.submitted_at, datetime | None)
    assert_type(receipt.message, Message | None)
    assert_type(reply.content, str)
    assert_type(Message.objects.get(smsid="15870246956696820530"), Message)
