"""Statistics tables: messages, latencies and verification codes per half-hour.

The half-hour is that of the message's (or the code's) making. It is the largest step that the days of all common time
zones are made of, those of India and Adelaide included. No number, text or smsid stands here, so that figures may be
kept when the messages themselves are deleted. Who counts, and when, is :mod:`django_ihuyi.dashboard.counters`.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_ihuyi.hooks import require_app
from django_ihuyi.models.base import PrimaryDBModel
from django_ihuyi.models.message_status import Category, MessageStatus

# Without its app the tables would be registered as some of the core.
require_app("django_ihuyi.dashboard", __name__)


class TallySlot(PrimaryDBModel):
    """One half-hour: when it was counted last, and when it is counted again. ``number`` counts from 1970, in UTC."""

    number = models.IntegerField(_("half-hour"), primary_key=True)
    counted_at = models.DateTimeField(_("counted"), null=True, blank=True)
    due_at = models.DateTimeField(
        _("counted again"), null=True, blank=True, help_text=_("Empty: nothing changes there any more.")
    )

    class Meta:
        default_permissions = ()
        verbose_name = _("half-hour of figures")
        verbose_name_plural = _("half-hours of figures")
        indexes = [models.Index(fields=["due_at"], name="ihuyi_slot_due")]

    def __str__(self) -> str:
        return str(self.number)


class MessageTally(PrimaryDBModel):
    """How many messages of one half-hour have the same account, category, status and gateway's code."""

    slot = models.IntegerField(_("half-hour"))
    account = models.CharField(_("account"), max_length=64)
    category = models.CharField(_("category"), max_length=16, choices=Category.choices)
    status = models.CharField(_("status"), max_length=16, choices=MessageStatus.choices)
    code = models.BigIntegerField(_("code"), null=True, blank=True)
    messages = models.PositiveIntegerField(_("messages"))
    segments = models.PositiveIntegerField(_("segments"))

    class Meta:
        default_permissions = ()
        verbose_name = _("message figure")
        verbose_name_plural = _("message figures")
        indexes = [models.Index(fields=["slot"], name="ihuyi_tally_slot")]

    def __str__(self) -> str:
        return f"{self.slot} {self.account} {self.category} {self.status} {self.code}: {self.messages}"

    @property
    def group(self) -> tuple[str, ...]:
        """What the row is a part of: as a whole it never gets smaller, unless what was counted is deleted."""
        return (self.account, self.category)

    @property
    def size(self) -> int:
        """What it adds to its group."""
        return self.messages


class WaitTally(PrimaryDBModel):
    """How many messages of one half-hour and category waited about equally long for one thing.

    ``bucket`` is one of :data:`django_ihuyi.dashboard.latency_buckets.BOUNDS`: the same for all, so that they can be
    added up.
    """

    class Kind(models.TextChoices):
        """What was waited for, from the call (or the ``send_at``) on."""

        ACCEPTED = "accepted", _("acceptance by the gateway")
        DELIVERED = "delivered", _("delivery to the phone")

    slot = models.IntegerField(_("half-hour"))
    category = models.CharField(_("category"), max_length=16, choices=Category.choices)
    kind = models.CharField(_("waited for"), max_length=16, choices=Kind.choices)
    bucket = models.PositiveSmallIntegerField(_("bucket"))
    messages = models.PositiveIntegerField(_("messages"))

    class Meta:
        default_permissions = ()
        verbose_name = _("waiting time figure")
        verbose_name_plural = _("waiting time figures")
        indexes = [models.Index(fields=["slot"], name="ihuyi_wait_slot")]

    def __str__(self) -> str:
        return f"{self.slot} {self.category} {self.kind} {self.bucket}: {self.messages}"

    @property
    def group(self) -> tuple[str, ...]:
        """What the row is a part of: as a whole it never gets smaller, unless what was counted is deleted."""
        return (self.category, self.kind)

    @property
    def size(self) -> int:
        """What it adds to its group."""
        return self.messages


class CodeTally(PrimaryDBModel):
    """How many verification codes of one half-hour and purpose went out, and how many of them were entered."""

    slot = models.IntegerField(_("half-hour"))
    purpose = models.CharField(_("purpose"), max_length=32)
    sent = models.PositiveIntegerField(_("sent"))
    entered = models.PositiveIntegerField(_("entered"))

    class Meta:
        default_permissions = ()
        verbose_name = _("verification code figure")
        verbose_name_plural = _("verification code figures")
        indexes = [models.Index(fields=["slot"], name="ihuyi_codes_slot")]

    def __str__(self) -> str:
        return f"{self.slot} {self.purpose}: {self.entered}/{self.sent}"

    @property
    def group(self) -> tuple[str, ...]:
        """What the row is a part of: as a whole it never gets smaller, unless what was counted is deleted."""
        return (self.purpose,)

    @property
    def size(self) -> int:
        """What it adds to its group."""
        return self.sent


class Dashboard(TallySlot):
    """No table: what the admin's page of figures hangs on, so that it has a place in the index and a permission."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = _("dashboard")
        verbose_name_plural = _("dashboard")
