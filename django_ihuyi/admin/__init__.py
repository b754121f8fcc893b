"""What staff see: the record, read-only but for who opted out and templates.

Importing registers the pages.
"""

from __future__ import annotations

from .accounts import AccountStateAdmin
from .balances import BalanceReadingAdmin
from .batches import BatchAdmin
from .messages import MessageAdmin
from .opt_outs import OptOutAdmin
from .receipts import ReceiptAdmin
from .replies import ReplyAdmin
from .templates import TemplateAdmin, TemplateReviewAdmin

__all__ = [
    "AccountStateAdmin",
    "BalanceReadingAdmin",
    "BatchAdmin",
    "MessageAdmin",
    "OptOutAdmin",
    "ReceiptAdmin",
    "ReplyAdmin",
    "TemplateAdmin",
    "TemplateReviewAdmin",
]
