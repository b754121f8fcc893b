"""The record: one file a table, with its manager. Status changes are methods here and nowhere else."""

from __future__ import annotations

from .account import AccountState
from .message import Message
from .receipt import Receipt
from .reply import Reply

__all__ = ["AccountState", "Message", "Receipt", "Reply"]
