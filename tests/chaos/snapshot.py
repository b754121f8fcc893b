"""Reading both records at the end: our database's, and the sandbox gateway's over its control interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import requests

from .invariants import Facts, Kept, Recorded, Taken
from .killer import Kill
from .workload import Order


def read(orders: Sequence[Order], kills: Sequence[Kill], sandbox_url: str) -> Facts:
    """Read everything. The gateway's record is read last, so that nothing of ours is newer than it.

    Args:
        orders: What was sent.
        kills: The kills.
        sandbox_url: The sandbox's address without a slash at the end.
    """
    messages, receipts = _messages(), _receipts()
    taken = [
        Taken(one["smsid"], one["mobile"], one["content"], one["receipt"], one["time"])
        for one in ask(sandbox_url, "messages")["messages"]
    ]
    expected = {order.key: order.content for order in orders}
    return Facts(expected, messages, receipts, taken, ask(sandbox_url, "requests"), kills)


def ask(sandbox_url: str, what: str) -> dict[str, Any]:
    """Ask the sandbox's control interface."""
    answer = requests.get(f"{sandbox_url}/sandbox/{what}", timeout=20)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def _messages() -> list[Recorded]:
    from django_ihuyi.models import Message

    fields = ("pk", "idempotency_key", "mobile", "content", "status", "smsid", "submitted_at", "error")
    return [
        Recorded(pk, key or "", mobile, content, status, smsid, at.timestamp() if at else 0.0, error)
        for pk, key, mobile, content, status, smsid, at, error in Message.objects.values_list(*fields)
    ]


def _receipts() -> list[Kept]:
    from django_ihuyi.models import Receipt

    rows = Receipt.objects.values_list("smsid", "mobile", "code", "message")
    return [Kept(smsid, mobile, code, message) for smsid, mobile, code, message in rows]
