"""Deletion of old idempotency keys, and of those of a person who is erased."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from django_ihuyi.hooks import PersonalData
from django_ihuyi.isolation import delete_in_chunks
from django_ihuyi.mobile_hash import lookup_values

from .models import ApiCall


def delete_old_keys(now: datetime, most: int) -> tuple[int, bool]:
    """Delete old keys.

    Args:
        now: The present.
        most: How many at a time.

    Returns:
        How many rows were deleted, and whether there is more to do at once.

    Raises:
        RowsFailedError: Some rows could not be deleted; all others were.
    """
    forgotten = ApiCall.objects.forget(now, most=most)
    return forgotten.as_step(more=forgotten.changed >= most)


def personal_data() -> tuple[PersonalData, ...]:
    """Return the table with rows about persons. It comes before the messages: by their keys its rows are found."""
    return (PersonalData(ApiCall._meta.label, _calls, lambda mobile: delete_in_chunks(_calls(mobile)), 40),)


def _calls(mobile: str) -> QuerySet[ApiCall]:
    return ApiCall.objects.about(lookup_values(mobile))
