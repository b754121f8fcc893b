"""What is told of a message's change: a log record, with nothing about a person, and after commit the site's signal."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import router

from django_ihuyi import signals

from .lifecycle import MessageStatus

if TYPE_CHECKING:
    from .message import Message

logger = logging.getLogger("django_ihuyi.messages")

_SIGNALS = {
    MessageStatus.ACCEPTED: signals.message_accepted,
    MessageStatus.REJECTED: signals.message_rejected,
    MessageStatus.DELIVERED: signals.message_delivered,
    MessageStatus.UNDELIVERED: signals.message_undelivered,
    MessageStatus.UNKNOWN: signals.message_unknown,
}


def tell_change(message: Message) -> None:
    """Log that a message changed its status, and tell the site after commit.

    The level is INFO; that a worker took it is DEBUG, since another record follows at once and says what came of it.

    Args:
        message: The message as it is now. Its transaction may still be rolled back; the record stays then.
    """
    level = logging.DEBUG if message.status == MessageStatus.SUBMITTING else logging.INFO
    if logger.isEnabledFor(level):
        logger.log(
            level,
            "Message %s is %s.",
            message.pk,
            message.status,
            extra={
                "event": f"message.{message.status}",
                "message_pk": message.pk,
                "account": message.account,
                "category": message.category,
                "code": message.code,
                "receipt_code": message.receipt_code,
                "attempts": message.attempts,
            },
        )
    signal = _SIGNALS.get(MessageStatus(message.status))
    if signal is not None:
        # Receivers name Message, also where a site's proxy of it was changed.
        sender = message._meta.concrete_model or type(message)
        signals.send_after_commit(signal, sender, using=router.db_for_write(sender, instance=message), message=message)
