"""The table of what was spent of each limit on codes: one row for each number, address, prefix and for the site.

A row is also the lock under which a request is judged: two requests that share a limit are judged one after the other.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from django.db import connections, models, router
from django.utils import timezone


class CodeQuotaManager(models.Manager["CodeQuota"]):
    """Makes and locks rows."""

    def make(self, subjects: Collection[str], *, now: datetime) -> None:
        """Make the rows that are not there yet.

        Before the transaction that locks them, so that each is committed at once: on MariaDB two transactions that
        both tried to make a row hold it shared, and each would wait for the other to lock it.

        Args:
            subjects: Whose limits.
            now: The present.
        """
        known = set(self._written().filter(pk__in=subjects).values_list("pk", flat=True))
        rows = [CodeQuota(subject=subject, used_at=now) for subject in sorted(set(subjects) - known)]
        self._written().bulk_create(rows, ignore_conflicts=True)

    def lock(self, subjects: Collection[str], *, now: datetime) -> dict[str, CodeQuota]:
        """Lock what was spent of some limits until the end of the transaction, which must have begun.

        Args:
            subjects: Whose limits.
            now: The present.

        Returns:
            The row of each.
        """
        rows = self._lock(subjects, now)
        if len(rows) < len(subjects):
            # Purged between make() and here.
            self.make(subjects, now=now)
            rows = self._lock(subjects, now)
        return rows

    def _lock(self, subjects: Collection[str], now: datetime) -> dict[str, CodeQuota]:
        rows = self._written().filter(pk__in=subjects)
        if not connections[rows.db].features.has_select_for_update:
            # SQLite locks the whole file, but only for a transaction that writes before it reads.
            rows.update(used_at=now)
        # Always in the same order, so that no two requests wait for each other.
        return {row.subject: row for row in rows.select_for_update().order_by("pk")}

    def _written(self) -> models.QuerySet[CodeQuota]:
        return self.using(router.db_for_write(CodeQuota))


class CodeQuota(models.Model):
    """What one subject has spent."""

    subject = models.CharField(max_length=96, primary_key=True)
    spent = models.JSONField(default=dict)
    used_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[CodeQuotaManager] = CodeQuotaManager()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["used_at"], name="ihuyi_quota_used")]

    def __str__(self) -> str:
        kind, _colon, _whose = self.subject.partition(":")
        return f"quota of a {kind}"
