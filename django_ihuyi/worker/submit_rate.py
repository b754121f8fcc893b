"""Rate limit of an account (``RATE_LIMIT``): slots reserved in one row that all workers share.

A verification code takes its turn at once, behind other codes only, and every other category gets its turns after that:
the rate may be exceeded by the turns that were reserved already, and is made up for by later ones. A notification may
reserve further ahead than a marketing text, so that marketing texts never take the last turn that it can reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from django_ihuyi.conf import AccountSettings
from django_ihuyi.models import AccountState
from django_ihuyi.models.message_status import Category

_MAX_AHEAD = {Category.VERIFICATION: 5.0, Category.NOTIFICATION: 5.0, Category.MARKETING: 2.5}
"""Seconds ahead that a category reserves turns at most, and that a worker waits for one."""


@dataclass(frozen=True, slots=True)
class Slots:
    """Turns on the wire that a worker asked for.

    Attributes:
        alias: The account's alias.
        category: What the messages are for.
        wait: Seconds until the first of them begins; where they were not taken, until asking again makes sense.
        taken: Whether they are reserved.
        seconds: How long one turn lasts; 0 where the account has no limit.
    """

    alias: str
    category: str
    wait: float = 0.0
    taken: bool = True
    seconds: float = 0.0

    def release(self, number: int) -> None:
        """Return turns that were taken and will not be used: others may have them.

        Args:
            number: How many.
        """
        if self.taken and self.seconds and number:
            AccountState.objects.release_slots(
                self.alias, seconds=self.seconds * number, verification=self.category == Category.VERIFICATION
            )


def reserve(alias: str, account: AccountSettings, category: str, number: int) -> Slots:
    """Take an account's next turns for messages of one category, if they are near enough to wait for.

    Args:
        alias: The account's alias.
        account: Its settings.
        category: What the messages are for.
        number: How many messages are to go out.
    """
    if account.rate_limit is None:
        return Slots(alias, category)
    now, seconds = timezone.now(), 1 / account.rate_limit
    ahead = _MAX_AHEAD[Category(category)]
    if category == Category.NOTIFICATION:
        # At a slow rate the turn that a marketing text has just taken is longer than that.
        ahead = max(ahead, _MAX_AHEAD[Category.MARKETING] + seconds)
    at_most = timedelta(seconds=ahead)
    begins = AccountState.objects.reserve_slots(
        alias,
        number=number,
        seconds=seconds,
        at_most=at_most,
        verification=category == Category.VERIFICATION,
        now=now,
    )
    return Slots(alias, category, (begins - now).total_seconds(), begins - now <= at_most, seconds)


def max_concurrent(account: AccountSettings, number: int) -> int:
    """How many of a number of messages go out together: no more than a quarter of a second's worth of the rate."""
    if account.rate_limit is None:
        return number
    return max(1, min(number, int(account.rate_limit / 4)))
