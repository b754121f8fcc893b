"""The log records of messages: one a change of status, under names that stay, and with nothing about a person."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .message import Message

logger = logging.getLogger("django_ihuyi.messages")


def log_change(message: Message) -> None:
    """Log that a message changed its status, at the level INFO.

    Args:
        message: The message as it is now. Its transaction may still be rolled back.
    """
    logger.info(
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
