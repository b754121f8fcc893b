"""What is not needed any more: codes older than the site keeps them, and limits that nobody has spent of for long."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from django_ihuyi import conf
from django_ihuyi.models import CodeQuota, Suspicion, VerificationCode

_LONGEST_WINDOW = timedelta(days=2)
"""More than a day and its grain."""


def forget(now: datetime, *, most: int) -> int:
    """Delete old rows.

    Args:
        now: The present.
        most: How many of each table at a time.

    Returns:
        How many were deleted.
    """
    kept = now - timedelta(days=conf.get_verification().keep_days)
    return (
        _delete(VerificationCode.objects.filter(created_at__lt=kept).order_by("created_at"), most)
        + _delete(CodeQuota.objects.filter(used_at__lt=now - _LONGEST_WINDOW).order_by("used_at"), most)
        + _delete(Suspicion.objects.filter(since__isnull=True, seen_at__lt=kept).order_by("seen_at"), most)
    )


def _delete(rows: QuerySet[Any], most: int) -> int:
    # The keys are read first: MariaDB deletes no limited subquery. The condition stands in the DELETE once more, since
    # a row may have been used meanwhile.
    keys = list(rows.values_list("pk", flat=True)[:most])
    return rows.order_by().filter(pk__in=keys).delete()[0] if keys else 0
