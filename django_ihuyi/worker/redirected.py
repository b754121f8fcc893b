"""The safe mode: with an account's ``REDIRECT_TO``, whatever is recorded, only the numbers named there get messages.

It holds at the wire and not where messages are recorded, so that it also holds for what a copy of the production
database has queued.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django_ihuyi import conf
from django_ihuyi.gateway import SubmitResult
from django_ihuyi.models import Message

if TYPE_CHECKING:
    from .client_factory import AccountClient  # which puts this one in front of others


class Redirected:
    """A client in front of an account's own: it submits to the numbers that it was given, and to no other."""

    def __init__(self, client: AccountClient, numbers: Sequence[str]) -> None:
        self._client = client
        self._numbers = numbers
        self.longest_call = client.longest_call
        self.get_balance = client.get_balance
        self.add_template = client.add_template

    @property
    def clock_offset(self) -> float | None:
        """What the account's own client has learned of the clocks."""
        return self._client.clock_offset

    def submit(self, mobile: str, content: str, template: int | str | None = None) -> SubmitResult:
        """Send one message, to its own number where that is one of those, to one of them where it is not."""
        return self._client.submit(redirect(mobile, self._numbers), content, template=template)


def redirect(mobile: str, numbers: Sequence[str]) -> str:
    """Return the number that gets a message: one person's messages always go to the same one.

    Args:
        mobile: Whom the message is for.
        numbers: Who may get it; not empty.
    """
    if mobile in numbers:
        return mobile
    digits = "".join(filter(str.isdigit, mobile)) or "0"
    return numbers[int(digits) % len(numbers)]


def meant(mobile: str, smsid: str) -> str:
    """Return the number in the record for the one that a push names, so that the message is found by it.

    Args:
        mobile: The number that the gateway pushed.
        smsid: The smsid that it pushed; may be empty.

    Returns:
        The message's own number, or ``mobile`` where nothing is redirected to it. Then no query is made.
    """
    aliases = conf.get_redirecting(mobile) if smsid else []
    if not aliases:
        return mobile
    fits = Message.objects.filter(smsid=smsid, account__in=aliases).order_by()
    numbers = set(fits.values_list("mobile", flat=True)[:2])
    return numbers.pop() if len(numbers) == 1 else mobile
