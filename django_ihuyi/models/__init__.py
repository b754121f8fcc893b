"""Tables of the core, one module each. Only their methods change a status."""

from __future__ import annotations

from .account_state import AccountState
from .balance_reading import BalanceReading
from .batch import Batch
from .heartbeat import Heartbeat
from .message import Message
from .opt_out import OptOut
from .receipt import Receipt
from .reply import Reply
from .template import Template
from .template_review import TemplateReview

__all__ = [
    "AccountState",
    "BalanceReading",
    "Batch",
    "Heartbeat",
    "Message",
    "OptOut",
    "Receipt",
    "Reply",
    "Template",
    "TemplateReview",
]
