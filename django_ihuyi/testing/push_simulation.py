"""Simulated receipts and replies, without HTTP."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from django.test import TestCase
from django.utils import timezone

from django_ihuyi.china_time import CHINA

from .outbox import submit_queued

if TYPE_CHECKING:
    from django_ihuyi.models import Message, Reply

_FORMAT = "%Y-%m-%d %H:%M:%S"


def deliver(message: Message, *, delivered: bool = True, msg: str | None = None) -> Message:
    """Push the receipt of a message, as the gateway does when the carrier has spoken. What is queued is sent first.

    Args:
        message: A message that the gateway takes.
        delivered: What the receipt says.
        msg: The carrier's word; None: ``DELIVRD`` or ``UNDELIV``.

    Returns:
        The message, read anew.

    Raises:
        LookupError: The gateway has not taken it, so there is nothing to report.
    """
    from django_ihuyi.pushes.push_data import read_receipt
    from django_ihuyi.pushes.views import record_receipt

    smsid = _accepted(message)
    fields = {
        "code": "2" if delivered else "0",
        "msg": msg or ("DELIVRD" if delivered else "UNDELIV"),
        "mobilephone": message.mobile,
        "smsid": smsid,
        "report_time": _now(),
    }
    with _on_commit():
        record_receipt(read_receipt(fields))
    message.refresh_from_db()
    return message


def reply(message: Message, text: str) -> Reply:
    """Push a reply to a message, as when the person answers it. What is queued is sent first.

    Args:
        message: A message that the gateway takes.
        text: What the person wrote.

    Returns:
        The reply as it is kept. The same text twice within a second is one push that came twice.

    Raises:
        LookupError: The gateway has not taken the message: nobody can have answered it.
    """
    from django_ihuyi.models import Reply
    from django_ihuyi.pushes.push_data import read_reply
    from django_ihuyi.pushes.views import record_reply

    smsid = _accepted(message)
    fields = {"mobilephone": message.mobile, "content": text, "smsid": smsid, "reply_time": _now()}
    with _on_commit():
        pushed = record_reply(read_reply(fields))
    return Reply.objects.get(fingerprint=pushed.fingerprint)


def wait_for(message: Message, status: str, *, timeout: float = 5.0) -> Message:
    """Wait until a message has a status, such as by a push of the sandbox into the live server.

    Args:
        message: The message.
        status: One of ``Message.Status``.
        timeout: Seconds.

    Returns:
        The message, read anew.

    Raises:
        TimeoutError: It has another status still.
    """
    deadline = time.monotonic() + timeout
    while True:
        submit_queued()
        message.refresh_from_db()
        if message.status == status:
            return message
        if time.monotonic() >= deadline:
            raise TimeoutError(f"Message {message.pk} is {message.status} after {timeout} s, not {status}.")
        time.sleep(0.02)


def _accepted(message: Message) -> str:
    submit_queued()
    message.refresh_from_db()
    if not message.smsid:
        raise LookupError(f"Message {message.pk} is {message.status}: the gateway has not taken it.")
    return message.smsid


def _now() -> str:
    return timezone.now().astimezone(CHINA).strftime(_FORMAT)


def _on_commit() -> AbstractContextManager[object]:
    """Do inside a test's transaction what waits for its commit."""
    from django_ihuyi.models import Receipt

    return TestCase.captureOnCommitCallbacks(using=Receipt.objects.db, execute=True)
