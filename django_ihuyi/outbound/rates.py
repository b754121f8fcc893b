"""An account's rate (``RATE_LIMIT``): turns on the wire, taken from one row that all workers share."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from django_ihuyi.conf import AccountSettings
from django_ihuyi.models import AccountState

PATIENCE = 5.0
"""Seconds that a worker waits for its turn. A turn further away is not taken."""


def reserve(alias: str, account: AccountSettings, number: int) -> float:
    """Take the account's next turns.

    Args:
        alias: The account's alias.
        account: Its settings.
        number: How many messages are to go out.

    Returns:
        Seconds until the first of them may go; 0 without a limit. More than :data:`PATIENCE`: no turn was taken, and
        it is to be asked for again by then.
    """
    if account.rate_limit is None:
        return 0.0
    now = timezone.now()
    begins = AccountState.objects.reserve(
        alias, number=number, seconds=1 / account.rate_limit, at_most=timedelta(seconds=PATIENCE), now=now
    )
    return (begins - now).total_seconds()


def at_once(account: AccountSettings, number: int) -> int:
    """How many of a number of messages go out together: no more than a quarter of a second's worth of the rate."""
    if account.rate_limit is None:
        return number
    return max(1, min(number, int(account.rate_limit / 4)))
