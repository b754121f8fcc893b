"""Deletes old verification codes and quotas, and those of a person who is erased."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from django_ihuyi.hooks import PersonalData
from django_ihuyi.isolation import Handled, combined, delete, delete_in_chunks
from django_ihuyi.mobile_hash import lookup_values
from django_ihuyi.models.base import without_index

from .conf import get_verification
from .models import CodeQuota, Suspicion, VerificationCode
from .rate_limits import number_subject

_LONGEST_WINDOW = timedelta(days=2)
"""More than a day and its grain."""


def delete_expired(now: datetime, most: int) -> tuple[int, bool]:
    """Delete old rows.

    Args:
        now: The present.
        most: How many of each table at a time.

    Returns:
        How many rows were deleted, and whether there is more to do at once.

    Raises:
        RowsFailedError: Some rows could not be deleted; all others were.
    """
    kept = now - timedelta(days=get_verification().keep_days)
    forgotten = combined(
        [
            _delete(VerificationCode.objects.all(), Q(created_at__lt=kept), "created_at", most),
            _delete(CodeQuota.objects.all(), Q(used_at__lt=now - _LONGEST_WINDOW), "used_at", most),
            _delete(Suspicion.objects.all(), Q(since__isnull=True, seen_at__lt=kept), "seen_at", most),
        ]
    )
    return forgotten.as_step(more=forgotten.changed >= most)


def personal_data() -> tuple[PersonalData, ...]:
    """Return the tables with rows about persons."""
    return (
        PersonalData(
            VerificationCode._meta.label,
            lambda mobile: VerificationCode.objects.filter(mobile__in=lookup_values(mobile)),
            lambda mobile: delete_in_chunks(VerificationCode.objects.filter(mobile=mobile)),
        ),
        PersonalData(CodeQuota._meta.label, _quotas, lambda mobile: delete_in_chunks(_quotas(mobile))),
    )


def _quotas(mobile: str) -> QuerySet[CodeQuota]:
    return CodeQuota.objects.filter(subject=number_subject(mobile))


def _delete(rows: QuerySet[Any], old: Q, oldest: str, most: int) -> Handled:
    return delete(rows.filter(old).order_by(oldest, "pk"), rows.filter(without_index(old)), most=most)
