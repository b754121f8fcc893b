"""The record: one file a table, with its manager. Status changes are methods here and nowhere else."""

from __future__ import annotations

from .account import AccountState
from .batch import Batch
from .message import Message
from .opt_out import OptOut
from .receipt import Receipt
from .reply import Reply

__all__ = ["AccountState", "Batch", "Message", "OptOut", "Receipt", "Reply"]
