"""The table of idempotency keys that callers of the API gave, with what they asked for under each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from .written import Written, WrittenManager

KEPT = timedelta(days=7)
"""For how long a key is compared with what is asked for under it again."""


class ApiCallManager(WrittenManager["ApiCall"]):
    """Keeps what was asked for under a key."""

    def same(self, *, key: str, fingerprint: str) -> bool:
        """Note a request under its key. Of two at the same moment one is noted, and the other compared with it.

        Args:
            key: 64 characters that stand for the caller and the caller's key.
            fingerprint: 64 characters that stand for the whole request.

        Returns:
            Whether it is the first under this key, or the same as the first.
        """
        try:
            with transaction.atomic(using=self.db):
                self.create(key=key, fingerprint=fingerprint)
        except IntegrityError:
            with transaction.atomic(using=self.db):
                # Locked, because a locking read sees what was committed after this transaction began (MariaDB).
                first = self.select_for_update().get(key=key)
            return first.fingerprint == fingerprint
        return True

    def forget(self, now: datetime, *, most: int) -> int:
        """Delete keys that are older than :data:`KEPT`.

        Args:
            now: The present.
            most: How many at a time.

        Returns:
            How many were deleted.
        """
        old = self.filter(created_at__lt=now - KEPT).order_by("created_at")
        keys = list(old.values_list("pk", flat=True)[:most])
        return self.filter(pk__in=keys).delete()[0] if keys else 0


class ApiCall(Written):
    """One key of one caller. Neither the key nor what was asked for can be read from it."""

    key = models.CharField(pgettext_lazy("idempotency", "key"), max_length=64, unique=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    created_at = models.DateTimeField(pgettext_lazy("date", "created"), default=timezone.now)

    objects: ClassVar[ApiCallManager] = ApiCallManager()

    class Meta:
        verbose_name = _("API call")
        verbose_name_plural = _("API calls")
        default_permissions = ()
        indexes = [models.Index(fields=["created_at"], name="ihuyi_api_created")]

    def __str__(self) -> str:
        return gettext("API call %(number)s") % {"number": self.pk}
