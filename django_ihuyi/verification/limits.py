"""The policy's limits against the table of what was spent: one request is judged and booked under a lock."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from django_ihuyi.clock import CHINA, as_site_time
from django_ihuyi.exceptions import ThrottleReason
from django_ihuyi.models import CodeQuota, Message

from .policy import Policy, Refusal
from .windows import Window

_NOT_TODAY = (4082, 4085, 408, 4030)
"""The gateway's refusals of a number that the next message would get as well (PROTOCOL 3)."""


def take(policy: Policy, limits: Mapping[str, tuple[Window, ...]], *, now: datetime, anyway: bool) -> Refusal | None:
    """Judge one request and, if it may pass, book it. Needs a transaction, and locks until that ends.

    Args:
        policy: Who judges.
        limits: What the policy asks of this request.
        now: The present.
        anyway: Whether to book it although it is refused.
    """
    if not limits:
        return None
    rows = CodeQuota.objects.lock(limits.keys(), now=now)
    moment = now.timestamp()
    refusal = policy.judge(limits, {subject: row.spent for subject, row in rows.items()}, moment)
    if refusal is None or anyway:
        for subject, windows in limits.items():
            row = rows[subject]
            row.used_at = now
            row.spent = {
                **row.spent,
                **{window.name: window.add(row.spent.get(window.name, []), moment) for window in windows},
            }
        CodeQuota.objects.bulk_update(list(rows.values()), ["spent", "used_at"])
    return refusal


def refused_by_gateway(mobile: str, account: str, *, now: datetime) -> Refusal | None:
    """Remember what the gateway said of a number today: asking again would be refused again, and count against us.

    Args:
        mobile: The number.
        account: The alias of the account that would send.
        now: The present.
    """
    aware = now if timezone.is_aware(now) else timezone.make_aware(now)
    midnight = aware.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    refused = Message.objects.filter(
        mobile=mobile,
        account=account,
        status=Message.Status.REJECTED,
        code__in=_NOT_TODAY,
        created_at__gte=as_site_time(midnight),
    )
    if not refused.exists():
        return None
    return Refusal(ThrottleReason.GATEWAY, math.ceil((midnight + timedelta(days=1) - aware).total_seconds()))
