"""Erasure of one person from all tables.

What counts and costs stays (how many messages, when, with which code); who it was goes. The tables are those of the
core and of the installed features (:meth:`.hooks.FeatureConfig.personal_data`). One that is missing in :func:`tables`
fails a test, so that none can be forgotten.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import partial
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.apps import apps
from django.db import router
from django.db.models import Model, Q, QuerySet
from django.views.decorators.debug import sensitive_variables

from django_ihuyi import hooks
from django_ihuyi.hooks import PersonalData
from django_ihuyi.isolation import Handled, combined, delete_in_chunks, each_row, in_chunks
from django_ihuyi.masking import mask_mobile
from django_ihuyi.mobile_hash import lookup_values
from django_ihuyi.models import Message, OptOut, Receipt, Reply
from django_ihuyi.models.message_status import MessageStatus

_ON_THE_WIRE = (MessageStatus.QUEUED, MessageStatus.SUBMITTING)
_READ_AT_ONCE = 500
"""Messages that are read at a time while they are cancelled."""


class ErasureFailedError(Exception):
    """A part of the rows about a person could not be changed or deleted; the rest was.

    Attributes:
        counts: How many rows of each table were changed or deleted, by the model's label.
        failed: How many could not be, by the label; tables without any are left out.
        error: What was raised first.
    """

    def __init__(self, counts: Mapping[str, int], failed: Mapping[str, int], error: Exception) -> None:
        super().__init__(f"rows failed: {type(error).__name__}")
        self.counts = counts
        self.failed = failed
        self.error = error


@sensitive_variables()
def count(mobile: str) -> dict[str, int]:
    """Count the rows about one person in each table, and change none.

    Args:
        mobile: A number as the record has it.
    """
    return {table.label: table.find(mobile).count() for table in tables()}


@sensitive_variables()
def erase(mobile: str, *, opt_out: bool = False) -> dict[str, int]:
    """Take one person out of all tables.

    What is queued is cancelled first. What is on the wire at this moment is left, as are receipts that come later:
    run it again after ``RECEIPT_WINDOW_HOURS`` and both are gone.

    Args:
        mobile: A number as the record has it.
        opt_out: Whether the wish to get no marketing texts goes as well. It can only be kept as long as the number
            is known.

    Returns:
        How many rows of each table were changed or deleted, by the model's label.

    Raises:
        ErasureFailedError: Some rows could not be, such as one that a table of the site's protects; all others were.
    """
    handled = {table.label: _erase(table, mobile) for table in tables(opt_out=opt_out)}
    counts = {label: one.changed for label, one in handled.items()}
    error = combined(handled.values()).error
    if error is not None:
        raise ErasureFailedError(counts, {label: one.failed or 1 for label, one in handled.items() if one.error}, error)
    return counts


def tables(*, opt_out: bool = False) -> list[PersonalData]:
    """Return the tables with rows about persons, in the order in which they are erased.

    Args:
        opt_out: Whether :func:`erase` deletes the wish to get no marketing texts.
    """
    found = [
        PersonalData(Message._meta.label, partial(_rows, Message), _messages, 50),
        PersonalData(Receipt._meta.label, partial(_rows, Receipt), _receipts, 51),
        PersonalData(Reply._meta.label, partial(_rows, Reply), _replies, 52),
        PersonalData(OptOut._meta.label, partial(_rows, OptOut), partial(_opt_outs, forget=opt_out), 200),
    ]
    if apps.is_installed("django.contrib.admin"):
        # Last: it may say of rows of all tables whose they are.
        found.append(PersonalData("admin.LogEntry", _mentions, _log_entries, 300))
    found += [table for config in hooks.features() for table in config.personal_data()]
    return sorted(found, key=lambda table: table.order)


def _erase(table: PersonalData, mobile: str) -> Handled:
    try:
        return table.erase(mobile)
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # noqa: BLE001  one table's fault must not keep the person in the others
        return Handled(0, error, 1)


@sensitive_variables()
def left_on_the_wire(mobile: str) -> int:
    """Count what could not be erased yet: messages that are being submitted."""
    return Message.objects.filter(mobile=mobile, status__in=_ON_THE_WIRE).count()


def _rows(model: type[Model], mobile: str) -> QuerySet[Any]:
    """Find by index what stands under a number or its hash."""
    return model._default_manager.filter(mobile__in=lookup_values(mobile))


def _messages(mobile: str) -> Handled:
    queued = Message.objects.filter(mobile=mobile, status=MessageStatus.QUEUED).iterator(_READ_AT_ONCE)
    cancelled = each_row(queued, Message.cancel, lambda message: None)
    rows = Message.objects.filter(mobile__in=lookup_values(mobile)).exclude(status__in=_ON_THE_WIRE)
    emptied = _change(
        rows,
        mobile=mask_mobile(mobile),
        content="",
        msg="",
        receipt_msg="",
        error="",
        metadata={},
        # Sites make keys of numbers and names.
        idempotency_key=None,
    )
    # A message that could not be cancelled is counted once.
    return Handled(emptied.changed, cancelled.error or emptied.error, emptied.failed + bool(cancelled.error))


def _receipts(mobile: str) -> Handled:
    return _change_pushes(Receipt, mobile, msg="", report_time_text="", match_at=None)


def _replies(mobile: str) -> Handled:
    return _change_pushes(Reply, mobile, content="", reply_time_text="")


def _change_pushes(model: type[Receipt | Reply], mobile: str, **changes: Any) -> Handled:  # noqa: ANN401  a row's values
    """Change pushes one by one: each gets a fingerprint that says nothing of what came."""

    def change(rows: QuerySet[Any]) -> int:
        return sum(
            rows.filter(pk=pk).update(mobile=mask_mobile(mobile), fingerprint=secrets.token_hex(32), **changes)
            for pk in list(rows.values_list("pk", flat=True))
        )

    return in_chunks(_rows(model, mobile), change)


def _opt_outs(mobile: str, *, forget: bool) -> Handled:
    rows = OptOut.objects.filter(mobile=mobile)
    # Somebody's own words about somebody.
    return delete_in_chunks(rows) if forget else _change(rows.exclude(reason=""), reason="")


def _mentions(mobile: str) -> QuerySet[Any]:
    from django.contrib.admin.models import LogEntry  # a site may have no admin
    from django.contrib.contenttypes.models import ContentType

    # Also of a feature that is not installed any more: its entries are still there.
    labels = {"django_ihuyi", *hooks.OUR_FEATURES, *(config.label for config in hooks.features())}
    ours = ContentType.objects.filter(app_label__in=labels)
    mentioned = Q(object_repr__contains=mobile) | Q(change_message__contains=mobile)
    # Where it is written: a replica may not know yet whom it is about.
    return LogEntry._default_manager.using(router.db_for_write(LogEntry)).filter(mentioned, content_type__in=ours)


def _log_entries(mobile: str) -> Handled:
    mask = mask_mobile(mobile)

    def change(entry: Any) -> int:  # noqa: ANN401  an entry of the admin's log
        words = {name: getattr(entry, name).replace(mobile, mask) for name in ("object_repr", "change_message")}
        return _mentions(mobile).filter(pk=entry.pk).update(**words)

    return each_row(_mentions(mobile), change, lambda entry: None)


def _change(rows: QuerySet[Any], **changes: Any) -> Handled:  # noqa: ANN401  a row's values
    return in_chunks(rows, lambda some: some.update(**changes))
