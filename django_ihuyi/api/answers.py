"""Rows as API responses, masked for callers without the permission to see full numbers and texts."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from django_ihuyi import Refused, conf
from django_ihuyi.balance import is_low
from django_ihuyi.external_text import without_quoted_text
from django_ihuyi.gateway import lookup
from django_ihuyi.masking import mask_mobile, mask_text, without_hash
from django_ihuyi.models import BalanceReading, Batch, Message, OptOut, Reply, Template

COUNTED = 10_000
"""Messages of a batch that are counted in each status."""


def _number(mobile: str, *, whole: bool) -> str:
    return without_hash(mobile) if whole else mask_mobile(mobile)


def message(row: Message, *, whole: bool) -> dict[str, Any]:
    """A message. A verification text shows no code to anybody."""
    hides = row.category == Message.Category.VERIFICATION or not whole
    return {
        "id": row.pk,
        "mobile": _number(row.mobile, whole=whole),
        "content": mask_text(row.content) if hides else row.content,
        "template": row.template or None,
        "category": row.category,
        "account": row.account,
        "status": row.status,
        "code": row.code,
        "meaning": None if row.code is None else gettext(conf.lookup_code(row.code, row.account).meaning),
        "smsid": row.smsid,
        "segments": row.segments,
        "attempts": row.attempts,
        "batch": row.batch_id,
        "metadata": row.metadata if whole else None,
        "receipt_code": row.receipt_code,
        "receipt_msg": _words(row, whole=whole),
        **{
            name: getattr(row, name)
            for name in ("created_at", "send_at", "expires_at", "submitted_at", "accepted_at", "reported_at")
        },
    }


def _words(row: Message, *, whole: bool) -> str:
    """The carrier's words; what they quote of the text is for those who may see it, and a code for nobody."""
    if whole and row.category != Message.Category.VERIFICATION:
        return row.receipt_msg
    return without_quoted_text(row.strip_quoted_text(row.receipt_msg), "" if whole else row.content)


def reply(row: Reply, *, whole: bool) -> dict[str, Any]:
    """A reply."""
    return {
        "id": row.pk,
        "message": row.message_id,
        "mobile": _number(row.mobile, whole=whole),
        "content": row.content if whole else mask_text(row.content),
        "reply_time": row.time,
        "received_at": row.received_at,
    }


def opt_out(row: OptOut, *, whole: bool) -> dict[str, Any]:
    """Somebody who opted out."""
    mobile = _number(row.mobile, whole=whole)
    return {"id": row.pk, "mobile": mobile, "reason": row.reason, "created_at": row.created_at}


def batch(row: Batch, *, counted_to: int = COUNTED) -> dict[str, Any]:
    """A bulk sending and how far it is.

    Args:
        row: The batch.
        counted_to: Up to how many messages of each status are counted.
    """
    small = row.recorded <= counted_to
    return {
        "id": row.pk,
        "category": row.category,
        "account": row.account,
        "created_at": row.created_at,
        "finished_at": row.finished_at,
        "recorded": row.recorded,
        "refused": row.refused,
        "error": row.error,
        "by_status": row.count_by_status() if small else _counted(row, counted_to),
        "counted_to": counted_to,
    }


def _counted(row: Batch, most: int) -> dict[str, int]:
    counts = {
        status: Message.objects.filter(batch=row, status=status).order_by()[:most].count()
        for status in Message.Status.values
    }
    return {status: number for status, number in counts.items() if number}


def refusal(one: Refused) -> dict[str, Any]:
    """A row of a bulk that was not recorded."""
    meaning = gettext(lookup(one.code).meaning)
    return {"index": one.index, "code": one.code, "meaning": meaning, "reason": one.reason}


def template(row: Template) -> dict[str, Any]:
    """A template of the registry: its text is the site's own and concerns nobody."""
    kept = ("name", "account", "text", "variables", "template_id", "state", "usable", "msg", "error")
    times = ("created_at", "submitted_at", "reviewed_at")
    return {"id": row.pk, **{name: getattr(row, name) for name in (*kept, *times)}}


def balance(account: str, reading: BalanceReading | None) -> dict[str, Any]:
    """What an account had left when the gateway was asked last."""
    told = {"account": account, "unit": conf.get_account(account).product_spec.unit}
    if reading is None:
        return {**told, "remaining": None, "read_at": None, "low": None}
    low = is_low(account, reading.remaining)
    return {**told, "remaining": reading.remaining, "read_at": reading.read_at, "low": low}
