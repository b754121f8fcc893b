"""One person leaves the record: every table that holds a number, and what becomes of its rows.

What counts and costs stays (how many messages, when, with which code); who it was goes. A table that is not in
:data:`TABLES` fails a test, so that none can be forgotten.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db import router, transaction
from django.db.models import Model, Q, QuerySet
from django.views.decorators.debug import sensitive_variables

from django_ihuyi.hashing import spellings
from django_ihuyi.masking import mask_mobile
from django_ihuyi.models import CodeQuota, Message, OptOut, Receipt, Reply, VerificationCode
from django_ihuyi.models.lifecycle import MessageStatus
from django_ihuyi.verification.policy import number_subject

_CHUNK = 500
_ON_THE_WIRE = (MessageStatus.QUEUED, MessageStatus.SUBMITTING)

Eraser = Callable[[str], int]
"""Takes a number as the record has it. Returns how many rows it changed or deleted."""


@sensitive_variables()
def count(mobile: str) -> dict[str, int]:
    """Count the rows about one person in each table, and change none.

    Args:
        mobile: A number as the record has it.
    """
    return {label: rows(mobile).count() for label, rows in _found().items()}


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
    """
    counts = {label: eraser(mobile) for label, eraser in TABLES.items()}
    if _device() is not None:
        counts["django_ihuyi_otp.SmsDevice"] = _delete(_devices(mobile))
    counts["django_ihuyi.OptOut"] = _opt_outs(mobile, forget=opt_out)
    if apps.is_installed("django.contrib.admin"):
        counts["admin.LogEntry"] = _log_entries(mobile)
    return counts


@sensitive_variables()
def left_on_the_wire(mobile: str) -> int:
    """Count what could not be erased yet: messages that are being submitted."""
    return Message.objects.filter(mobile=mobile, status__in=_ON_THE_WIRE).count()


def _messages(mobile: str) -> int:
    for message in Message.objects.filter(mobile=mobile, status=MessageStatus.QUEUED).iterator(_CHUNK):
        message.cancel()
    rows = Message.objects.filter(mobile__in=spellings(mobile)).exclude(status__in=_ON_THE_WIRE)
    return _change(
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


def _receipts(mobile: str) -> int:
    return _change_pushes(Receipt, mobile, msg="", match_at=None)


def _replies(mobile: str) -> int:
    return _change_pushes(Reply, mobile, content="")


def _change_pushes(model: type[Receipt | Reply], mobile: str, **changes: Any) -> int:  # noqa: ANN401  a row's values
    """Change pushes one by one: the digest of what came would tell the number to whoever tries them all."""
    number = 0
    for pk in model._default_manager.filter(mobile__in=spellings(mobile)).order_by("pk").values_list("pk", flat=True):
        rows = model._default_manager.filter(pk=pk)
        number += rows.update(mobile=mask_mobile(mobile), fingerprint=secrets.token_hex(32), **changes)
    return number


def _codes(mobile: str) -> int:
    return _delete(VerificationCode.objects.filter(mobile=mobile))


def _quotas(mobile: str) -> int:
    return _delete(CodeQuota.objects.filter(subject=number_subject(mobile)))


def _opt_outs(mobile: str, *, forget: bool) -> int:
    rows = OptOut.objects.filter(mobile=mobile)
    # Somebody's own words about somebody.
    return _delete(rows) if forget else rows.exclude(reason="").update(reason="")


TABLES: dict[str, Eraser] = {
    "django_ihuyi.Message": _messages,
    "django_ihuyi.Receipt": _receipts,
    "django_ihuyi.Reply": _replies,
    "django_ihuyi.VerificationCode": _codes,
    "django_ihuyi.CodeQuota": _quotas,
}
"""What is done with each table that has rows about persons, by the model's label."""

HANDLED = frozenset({*TABLES, "django_ihuyi.OptOut", "django_ihuyi_otp.SmsDevice"})
"""All models with numbers of persons, those with rules of their own included."""


def _found() -> dict[str, Callable[[str], QuerySet[Any]]]:
    """How each table's rows about one person are found, all of them by index."""
    found: dict[str, Callable[[str], QuerySet[Any]]] = {
        model._meta.label: lambda mobile, model=model: model._default_manager.filter(mobile__in=spellings(mobile))  # type: ignore[misc]  # bound now
        for model in (Message, Receipt, Reply, VerificationCode, OptOut)
    }
    found["django_ihuyi.CodeQuota"] = lambda mobile: CodeQuota.objects.filter(subject=number_subject(mobile))
    if _device() is not None:
        found["django_ihuyi_otp.SmsDevice"] = _devices
    if apps.is_installed("django.contrib.admin"):
        found["admin.LogEntry"] = _mentions
    return found


def _device() -> type[Model] | None:
    """The table of ``django_ihuyi.contrib.otp``, where the site has it."""
    label = "django_ihuyi_otp"
    return apps.get_model(label, "SmsDevice") if apps.is_installed("django_ihuyi.contrib.otp") else None


def _devices(mobile: str) -> QuerySet[Any]:
    model = _device()
    assert model is not None  # noqa: S101  the callers asked
    return _written(model).filter(mobile=mobile)


def _mentions(mobile: str) -> QuerySet[Any]:
    from django.contrib.admin.models import LogEntry  # a site may have no admin
    from django.contrib.contenttypes.models import ContentType

    ours = ContentType.objects.filter(app_label__startswith="django_ihuyi")
    mentioned = Q(object_repr__contains=mobile) | Q(change_message__contains=mobile)
    return _written(LogEntry).filter(mentioned, content_type__in=ours)


def _written(model: type[Model]) -> QuerySet[Any]:
    """A table of another app, where it is written: a replica may not know yet whom it is about."""
    return model._default_manager.using(router.db_for_write(model))


def _log_entries(mobile: str) -> int:
    mask = mask_mobile(mobile)
    number = 0
    for entry in _mentions(mobile):
        words = {name: getattr(entry, name).replace(mobile, mask) for name in ("object_repr", "change_message")}
        number += _mentions(mobile).filter(pk=entry.pk).update(**words)
    return number


def _change(rows: QuerySet[Any], **changes: Any) -> int:  # noqa: ANN401  a row's values
    """Change rows a chunk at a time; a changed one is not among them any more."""
    number = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:_CHUNK]):
        number += rows.filter(pk__in=keys).update(**changes)
    return number


def _delete(rows: QuerySet[Any]) -> int:
    with transaction.atomic(using=rows.db):
        return rows.delete()[1].get(rows.model._meta.label, 0)
