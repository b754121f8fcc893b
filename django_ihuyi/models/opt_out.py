"""The table of people who want no marketing texts."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class OptOutManager(models.Manager["OptOut"]):
    """Finds who opted out."""

    def among(self, mobiles: Collection[str]) -> set[str]:
        """Return those of the numbers that opted out, in one query.

        Args:
            mobiles: Numbers of eleven digits.
        """
        return set(self.filter(mobile__in=mobiles).values_list("mobile", flat=True))


class OptOut(models.Model):
    """A number that gets no marketing text any more. Verification and notices go on."""

    mobile = models.CharField(_("mobile"), max_length=32, unique=True, help_text=_("Eleven digits."))
    created_at = models.DateTimeField(_("since"), default=timezone.now)
    reason = models.CharField(_("reason"), max_length=255, blank=True)

    objects: ClassVar[OptOutManager] = OptOutManager()

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")
        ordering = ("-id",)

    def __str__(self) -> str:
        return gettext("opt-out %(number)s") % {"number": self.pk}
