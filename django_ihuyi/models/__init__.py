"""The record: one file a table, with its manager. Status changes are methods here and nowhere else."""

from __future__ import annotations

from .account import AccountState
from .batch import Batch
from .code_quota import CodeQuota
from .heartbeat import Heartbeat
from .message import Message
from .opt_out import OptOut
from .receipt import Receipt
from .reply import Reply
from .suspicion import Suspicion
from .verification_code import VerificationCode

__all__ = [
    "AccountState",
    "Batch",
    "CodeQuota",
    "Heartbeat",
    "Message",
    "OptOut",
    "Receipt",
    "Reply",
    "Suspicion",
    "VerificationCode",
]
