"""Table of balance readings."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .base import PrimaryDBModel


class BalanceReading(PrimaryDBModel):
    """What the gateway answered to one question for an account's balance."""

    account = models.CharField(_("account"), max_length=64)
    remaining = models.BigIntegerField(_("messages left"))
    read_at = models.DateTimeField(_("read"), default=timezone.now)

    class Meta:
        verbose_name = _("balance")
        verbose_name_plural = _("balances")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["account", "read_at"], name="ihuyi_balance_account"),
            # All accounts' readings of some days, and those that have been kept long enough.
            models.Index(fields=["read_at"], name="ihuyi_balance_read"),
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.remaining}"
