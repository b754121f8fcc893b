"""What staff see: messages, receipts, replies and accounts, all of them read-only. Importing registers the pages."""

from __future__ import annotations

from .accounts import AccountStateAdmin
from .messages import MessageAdmin
from .receipts import ReceiptAdmin
from .replies import ReplyAdmin

__all__ = ["AccountStateAdmin", "MessageAdmin", "ReceiptAdmin", "ReplyAdmin"]
