"""Devices of a person who is erased."""

from __future__ import annotations

from typing import Any

from django.db import router
from django.db.models import QuerySet

from django_ihuyi.hooks import PersonalData
from django_ihuyi.isolation import delete_in_chunks

from .models import SmsDevice


def personal_data() -> tuple[PersonalData, ...]:
    """Return the table with rows about persons."""
    return (PersonalData(SmsDevice._meta.label, _devices, lambda mobile: delete_in_chunks(_devices(mobile)), 110),)


def _devices(mobile: str) -> QuerySet[Any]:
    # Where it is written: a replica may not know yet whose number it is.
    rows: QuerySet[Any] = SmsDevice._default_manager.using(router.db_for_write(SmsDevice))
    return rows.filter(mobile=mobile)
