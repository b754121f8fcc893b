"""Table of batches: one ``send_bulk`` call each."""

from __future__ import annotations

from django.db import models
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from .base import PrimaryDBModel
from .message_status import Category


class Batch(PrimaryDBModel):
    """One call of ``send_bulk``. Its messages know it.

    ``finished_at`` is null while the call records messages, and stays null where its process was killed. ``error`` is
    the name of the exception that ended the call before its last message.
    """

    category = models.CharField(_("category"), max_length=16, choices=Category.choices)
    account = models.CharField(_("account"), max_length=64)
    created_at = models.DateTimeField(pgettext_lazy("date", "created"), default=timezone.now)
    finished_at = models.DateTimeField(_("recording ended"), null=True, blank=True)
    recorded = models.PositiveIntegerField(_("recorded"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    error = models.CharField(_("error"), max_length=255, blank=True)
    idempotency_key = models.CharField(_("idempotency key"), max_length=100, null=True, blank=True, unique=True)

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ("-id",)

    def __str__(self) -> str:
        return gettext("batch %(number)s") % {"number": self.pk}

    def count_by_status(self) -> dict[str, int]:
        """Count the batch's messages in each status, by index alone; statuses without a message are left out."""
        from .message import Message  # which names this class

        # order_by: the model's own ordering would become a part of the grouping.
        rows = Message.objects.filter(batch=self).order_by().values_list("status").annotate(number=Count("*"))
        return dict(rows)
