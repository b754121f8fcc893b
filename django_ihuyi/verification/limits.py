"""The policy's limits against the table of what was spent: one request is judged and booked under a lock."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from django_ihuyi.clock import CHINA, TOLERANCE, as_site_time
from django_ihuyi.exceptions import ThrottleReason
from django_ihuyi.gateway.codes import CODES
from django_ihuyi.models import AccountState, Message

from .models import CodeQuota
from .policy import Policy, Refusal
from .windows import Window

_NOT_TODAY = [code.number for code in CODES.values() if code.not_today]
_WAITS = {code.number: timedelta(seconds=code.number_waits) for code in CODES.values() if code.number_waits}
_LONGEST_WAIT = max(_WAITS.values())


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


def unavailable(account: str, *, now: datetime) -> Refusal | None:
    """Find out whether an account is paused, so that a code would only wait and expire. Concerns every number alike.

    A code that is asked for when the account is to be tried again is what it is tried with.

    Args:
        account: The alias of the account that would send.
        now: The present.
    """
    until = AccountState.objects.paused_until(account, now=now)
    if until is None:
        return None
    return Refusal(ThrottleReason.UNAVAILABLE, max(1, math.ceil((until - now).total_seconds())))


def refused_by_gateway(mobile: str, account: str, *, purpose: str | None, now: datetime) -> Refusal | None:
    """Find out whether the gateway has refused the number, and would refuse the next message to it as well.

    The table of codes says which refusals hold until midnight in China, and which for a minute or two.

    Args:
        mobile: The number.
        account: The alias of the account that would send.
        purpose: The purpose of the codes that count. None: every message to the number counts, for callers who let
            nobody see what comes of it. Who sends to every number and refuses this one would tell that it had a notice,
            or a code to log in, which only customers get.
        now: The present.
    """
    aware = now if timezone.is_aware(now) else timezone.make_aware(now)
    midnight = aware.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    # A time further ahead than clocks are apart is of a clock that was wrong, and holds nobody up.
    just_now = Q(submitted_at__gt=now - _LONGEST_WAIT, submitted_at__lt=now + TOLERANCE)
    holds = Q(code__in=_NOT_TODAY, created_at__gte=as_site_time(midnight)) | (just_now & Q(code__in=list(_WAITS)))
    refused = Message.objects.filter(holds, mobile=mobile, account=account, status=Message.Status.REJECTED)
    if purpose is not None:
        refused = refused.filter(verification_codes__purpose=purpose)
    tomorrow = midnight + timedelta(days=1) - aware
    waits = [
        min(submitted_at or now, now) + _WAITS[code] - now if code in _WAITS else tomorrow
        for code, submitted_at in refused.order_by().values_list("code", "submitted_at")
    ]
    seconds = math.ceil(max(waits, default=timedelta(0)).total_seconds())
    return Refusal(ThrottleReason.GATEWAY, seconds) if seconds > 0 else None
