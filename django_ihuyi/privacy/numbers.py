"""The numbers of rows that are at their end give way to a keyed hash, as ``HASH_MOBILES_AFTER_DAYS`` says."""

from __future__ import annotations

import secrets
from typing import Any

from django.db.models import QuerySet

from django_ihuyi.hashing import hash_mobile
from django_ihuyi.models import Message

MASKED = "*"
"""Stands in every number that is masked or hashed already, and in no other."""


def hash_rows(rows: QuerySet[Any]) -> int:
    """Put hashes in the place of rows' numbers.

    Args:
        rows: Messages, receipts or replies, a chunk of them, under the conditions that make them old enough.

    Returns:
        How many were changed.
    """
    of_push = rows.model is not Message
    read = list(rows.only("pk", "mobile"))
    for row in read:
        row.mobile = hash_mobile(row.mobile)
        if of_push:
            # The digest of what came would tell the number to whoever tries them all.
            row.fingerprint = secrets.token_hex(32)
    changed = rows.model._default_manager.bulk_update(read, ["mobile", "fingerprint"] if of_push else ["mobile"])
    return int(changed)
