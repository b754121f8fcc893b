"""What staff see: messages, receipts, replies, codes and accounts, all read-only. Importing registers the pages."""

from __future__ import annotations

from .accounts import AccountStateAdmin
from .codes import VerificationCodeAdmin
from .messages import MessageAdmin
from .receipts import ReceiptAdmin
from .replies import ReplyAdmin
from .suspicions import SuspicionAdmin

__all__ = [
    "AccountStateAdmin",
    "MessageAdmin",
    "ReceiptAdmin",
    "ReplyAdmin",
    "SuspicionAdmin",
    "VerificationCodeAdmin",
]
