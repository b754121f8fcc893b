"""Admin pages of the core. Records are read-only, except opt-outs and templates.

Importing registers the pages.
"""

from __future__ import annotations

from .account_state import AccountStateAdmin
from .balance_reading import BalanceReadingAdmin
from .batch import BatchAdmin
from .message import MessageAdmin
from .opt_out import OptOutAdmin
from .receipt import ReceiptAdmin
from .reply import ReplyAdmin
from .template import TemplateAdmin, TemplateReviewAdmin

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
