"""The record: one file a table, with its manager. Status changes are methods here and nowhere else."""

from __future__ import annotations

from .account import AccountState
from .api_call import ApiCall
from .balance_reading import BalanceReading
from .batch import Batch
from .code_quota import CodeQuota
from .heartbeat import Heartbeat
from .message import Message
from .opt_out import OptOut
from .receipt import Receipt
from .reply import Reply
from .suspicion import Suspicion
from .tally import CodeTally, Dashboard, MessageTally, TallySlot, WaitTally
from .template import Template
from .template_review import TemplateReview
from .verification_code import VerificationCode
from .webhook_delivery import WebhookDelivery
from .webhook_endpoint import WebhookEndpoint

__all__ = [
    "AccountState",
    "ApiCall",
    "BalanceReading",
    "Batch",
    "CodeQuota",
    "CodeTally",
    "Dashboard",
    "Heartbeat",
    "Message",
    "MessageTally",
    "OptOut",
    "Receipt",
    "Reply",
    "Suspicion",
    "TallySlot",
    "Template",
    "TemplateReview",
    "VerificationCode",
    "WaitTally",
    "WebhookDelivery",
    "WebhookEndpoint",
]
