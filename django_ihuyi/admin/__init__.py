"""What staff see: the record, read-only but for who opted out, templates and webhook endpoints.

Importing registers the pages.
"""

from __future__ import annotations

from .accounts import AccountStateAdmin
from .balances import BalanceReadingAdmin
from .batches import BatchAdmin
from .codes import VerificationCodeAdmin
from .dashboard import DashboardAdmin
from .messages import MessageAdmin
from .opt_outs import OptOutAdmin
from .receipts import ReceiptAdmin
from .replies import ReplyAdmin
from .suspicions import SuspicionAdmin
from .templates import TemplateAdmin, TemplateReviewAdmin
from .webhook_deliveries import WebhookDeliveryAdmin
from .webhook_endpoints import WebhookEndpointAdmin

__all__ = [
    "AccountStateAdmin",
    "BalanceReadingAdmin",
    "BatchAdmin",
    "DashboardAdmin",
    "MessageAdmin",
    "OptOutAdmin",
    "ReceiptAdmin",
    "ReplyAdmin",
    "SuspicionAdmin",
    "TemplateAdmin",
    "TemplateReviewAdmin",
    "VerificationCodeAdmin",
    "WebhookDeliveryAdmin",
    "WebhookEndpointAdmin",
]
