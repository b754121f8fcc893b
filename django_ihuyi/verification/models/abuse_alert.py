"""Table of SMS-bombing alerts."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ihuyi import signals
from django_ihuyi.models.base import PrimaryDBManager, PrimaryDBModel, without_index


class SuspicionManager(PrimaryDBManager["Suspicion"]):
    """Raises and lifts suspicions."""

    def standing(self) -> models.QuerySet[Suspicion]:
        """Return the suspicions that stand now."""
        return self.filter(since__isnull=False)

    def suspect(self, subject: str, *, sent: int, entered: int, now: datetime) -> bool:
        """Hold a subject suspect, or learn the newest numbers of one that is.

        Args:
            subject: ``site``, or an address, a network or a prefix with its kind in front.
            sent: Codes sent in the last hour, those left out that are still on their way.
            entered: How many of them were entered.
            now: The present.

        Returns:
            Whether the suspicion began with this call.
        """
        row, _made = self.get_or_create(subject=subject)
        numbers = {"sent": sent, "entered": entered, "seen_at": now}
        if self.filter(without_index(Q(since__isnull=True)), pk=row.pk).update(since=now, **numbers):
            row.since, row.sent, row.entered, row.seen_at = now, sent, entered, now
            signals.send_after_commit(signals.bombing_suspected, Suspicion, using=self.db, suspicion=row)
            return True
        self.filter(pk=row.pk).update(**numbers)
        return False

    def lift(self, row: Suspicion) -> bool:
        """Hold a subject suspect no more. Returns whether this call lifted it."""
        lifted = self.filter(without_index(Q(since=row.since)), pk=row.pk).update(since=None)
        if lifted:
            signals.send_after_commit(signals.bombing_over, Suspicion, using=self.db, suspicion=row)
        return bool(lifted)


class Suspicion(PrimaryDBModel):
    """What the watch holds against the site, a prefix of numbers, a client's address or the network around it."""

    subject = models.CharField(_("what"), max_length=96, unique=True)
    since = models.DateTimeField(_("since"), null=True, blank=True)
    seen_at = models.DateTimeField(_("last seen"), null=True, blank=True)
    sent = models.PositiveIntegerField(_("codes sent in an hour"), default=0)
    entered = models.PositiveIntegerField(_("of these entered"), default=0)

    objects: ClassVar[SuspicionManager] = SuspicionManager()

    class Meta:
        verbose_name = _("suspicion of bombing")
        verbose_name_plural = _("suspicions of bombing")
        ordering = ("-id",)
        indexes = [models.Index(fields=["since"], name="ihuyi_suspicion_since")]

    def __str__(self) -> str:
        return gettext("suspicion %(number)s") % {"number": self.pk}
