"""Message categories and statuses, and the permitted transitions (DESIGN 4). The methods of ``Message`` follow them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Category(models.TextChoices):
    """What a message is for."""

    VERIFICATION = "verification", _("verification")
    NOTIFICATION = "notification", _("notification")
    MARKETING = "marketing", _("marketing")


ORDER_OF_WORK = (Category.VERIFICATION, Category.NOTIFICATION, Category.MARKETING)
"""What waits is worked on in this order: nobody is to wait for a code because of a campaign."""


class MessageStatus(models.TextChoices):
    """Where a message stands."""

    QUEUED = "queued", _("queued")
    SUBMITTING = "submitting", _("submitting")
    ACCEPTED = "accepted", _("accepted")
    DELIVERED = "delivered", _("delivered")
    UNDELIVERED = "undelivered", _("undelivered")
    REJECTED = "rejected", _("rejected")
    UNKNOWN = "unknown", _("unknown")
    EXPIRED = "expired", _("expired")
    CANCELLED = "cancelled", _("cancelled")


_REQUEUED = (MessageStatus.QUEUED, MessageStatus.CANCELLED, MessageStatus.EXPIRED)
"""Where a message may be that was put back."""

TRANSITIONS: Mapping[MessageStatus, frozenset[MessageStatus]] = MappingProxyType(
    {
        # Put back: surely not sent, or the code says again.
        MessageStatus.QUEUED: frozenset({MessageStatus.SUBMITTING}),
        MessageStatus.SUBMITTING: frozenset({MessageStatus.QUEUED}),
        # An answer may be settled after the claim ran out and the sweep wrote unknown, or put the message back
        # (RESEND_UNKNOWN), from where it may have been cancelled or expired. The answer is the truth: what the gateway
        # took was sent and is charged, and what it refused need not be sent again. Of an attempt that was followed by
        # another one the UPDATE changes nothing, since the attempts stand in its WHERE.
        MessageStatus.ACCEPTED: frozenset({MessageStatus.SUBMITTING, MessageStatus.UNKNOWN, *_REQUEUED}),
        MessageStatus.REJECTED: frozenset({MessageStatus.SUBMITTING, MessageStatus.UNKNOWN, MessageStatus.QUEUED}),
        MessageStatus.UNKNOWN: frozenset({MessageStatus.SUBMITTING}),
        MessageStatus.EXPIRED: frozenset({MessageStatus.QUEUED}),
        MessageStatus.CANCELLED: frozenset({MessageStatus.QUEUED}),
        MessageStatus.UNDELIVERED: frozenset({MessageStatus.ACCEPTED, MessageStatus.UNKNOWN}),
        # A long text brings a receipt a part, and carriers correct themselves: one "delivered" outweighs any failure.
        MessageStatus.DELIVERED: frozenset({MessageStatus.ACCEPTED, MessageStatus.UNKNOWN, MessageStatus.UNDELIVERED}),
    }
)
"""For each status, those it may follow. Every status UPDATE carries its row of this table in the WHERE."""


class InvalidTransition(Exception):  # noqa: N818  an answer, not an accident
    """What somebody asked for is not done to a message or a receipt, as it stands now.

    Attributes:
        reason: Why, for the person who asked; translatable.
    """

    def __init__(self, reason: str | Promise) -> None:
        super().__init__(reason)
        self.reason = reason
