"""A message's life on paper: which status may follow which (DESIGN 4). The methods of ``Message`` obey this table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


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


SOURCES: Mapping[MessageStatus, frozenset[MessageStatus]] = MappingProxyType(
    {
        # Put back: surely not sent, or the code says again.
        MessageStatus.QUEUED: frozenset({MessageStatus.SUBMITTING}),
        MessageStatus.SUBMITTING: frozenset({MessageStatus.QUEUED}),
        # An answer may be settled after the claim ran out and upkeep wrote unknown: the answer is the truth.
        MessageStatus.ACCEPTED: frozenset({MessageStatus.SUBMITTING, MessageStatus.UNKNOWN}),
        MessageStatus.REJECTED: frozenset({MessageStatus.SUBMITTING, MessageStatus.UNKNOWN}),
        MessageStatus.UNKNOWN: frozenset({MessageStatus.SUBMITTING}),
        MessageStatus.EXPIRED: frozenset({MessageStatus.QUEUED}),
        MessageStatus.CANCELLED: frozenset({MessageStatus.QUEUED}),
        MessageStatus.UNDELIVERED: frozenset({MessageStatus.ACCEPTED, MessageStatus.UNKNOWN}),
        # A long text brings a receipt a part, and carriers correct themselves: one "delivered" outweighs any failure.
        MessageStatus.DELIVERED: frozenset({MessageStatus.ACCEPTED, MessageStatus.UNKNOWN, MessageStatus.UNDELIVERED}),
    }
)
"""For each status, those it may follow. Every status UPDATE carries its row of this table in the WHERE."""


class NotPossible(Exception):  # noqa: N818  an answer, not an accident
    """What somebody asked for is not done to a message or a receipt, as it stands now.

    Attributes:
        reason: Why, for the person who asked; translatable.
    """

    def __init__(self, reason: str | Promise) -> None:
        super().__init__(reason)
        self.reason = reason
