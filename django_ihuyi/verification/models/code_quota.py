"""Table of quotas: what was used of each limit. A row is also the lock of its limit.

A row is also the lock under which a request is judged: two requests that share a limit are judged one after the other.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from django_ihuyi.models.base import PrimaryDBManager, PrimaryDBModel


class CodeQuotaManager(PrimaryDBManager["CodeQuota"]):
    """Locks rows."""

    def lock(self, subjects: Collection[str], *, now: datetime) -> dict[str, CodeQuota]:
        """Lock what was spent of some limits until the end of the transaction, which must have begun.

        Args:
            subjects: Whose limits.
            now: The present.

        Returns:
            The row of each; made where there was none.
        """
        # Made and locked in the same order by everybody, so that no two requests wait for each other.
        ordered = sorted(subjects)
        self._create(ordered, now)
        rows = {row.subject: row for row in self.filter(pk__in=ordered).select_for_update().order_by("pk")}
        # One that was there may have been purged before it was locked.
        return rows if len(rows) == len(ordered) else self.lock(subjects, now=now)

    def _create(self, subjects: list[str], now: datetime) -> None:
        """Make what is not there. On SQLite this takes the one lock there is, as only a writing statement does."""
        connection = connections[self.db]
        if connection.vendor == "mysql":
            self._create_on_mariadb(subjects, now, connection)
        else:
            rows = [CodeQuota(subject=subject, used_at=now) for subject in subjects]
            self.bulk_create(rows, ignore_conflicts=True)

    def _create_on_mariadb(self, subjects: list[str], now: datetime, connection: BaseDatabaseWrapper) -> None:
        """Make rows so that each is locked as its maker will need it.

        INSERT IGNORE would lock a row that another transaction is making shared, and two that hold it shared and both
        want to write would wait for each other. This waits for the row and then has it alone, which Django's own
        ``update_conflicts`` cannot say without changing a column.
        """
        quote = connection.ops.quote_name
        names = {item.name: quote(str(item.column)) for item in CodeQuota._meta.concrete_fields}
        columns = [names[name] for name in ("subject", "spent", "used_at")]
        sql = (
            # Only quoted names of this model's table and columns; every value is a parameter.
            f"INSERT INTO {quote(CodeQuota._meta.db_table)} ({', '.join(columns)}) VALUES (%s, %s, %s) "  # noqa: S608  see above
            f"ON DUPLICATE KEY UPDATE {columns[0]} = {columns[0]}"
        )
        moment = connection.ops.adapt_datetimefield_value(now)
        with connection.cursor() as cursor:
            for subject in subjects:
                cursor.execute(sql, [subject, "{}", moment])


class CodeQuota(PrimaryDBModel):
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
