"""Create the client of an account from its settings, with ``REDIRECT_TO`` in front of it.

With ``REDIRECT_TO`` only the numbers named there get messages, whatever is recorded. The client applies it when it
submits, so it also holds for messages that a copy of the production database has queued.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from django.utils.module_loading import import_string

from django_ihuyi import conf
from django_ihuyi.conf import AccountSettings
from django_ihuyi.gateway import SubmitResult
from django_ihuyi.gateway.products import SMS
from django_ihuyi.models import Message


class AccountClient(Protocol):
    """What the package asks of the class that ``CLIENT`` names; :class:`django_ihuyi.gateway.Client` says what each
    member does."""

    @property
    def clock_offset(self) -> float | None:
        """By how many seconds this machine's clock was ahead of the gateway's at the last answer; None: not known."""
        ...

    @property
    def longest_call(self) -> float:
        """Seconds after which a call has ended, whatever happens."""
        ...

    def submit(self, mobile: str, content: str, template: int | str | None = None) -> SubmitResult:
        """Send one message."""
        ...

    def get_balance(self) -> int:
        """Return what the account has left."""
        ...

    def add_template(self, content: str) -> int:
        """Hand in a template for review, and return its id."""
        ...


def make_client(account: AccountSettings) -> AccountClient:
    """Make the client of an account. Cheap: connections are pooled per process and account behind it.

    Args:
        account: The account's settings; ``client`` names the class.
    """
    client_class: Callable[..., AccountClient] = import_string(account.client)
    # Clients of sites' own that know SMS only are not asked for more.
    others = {} if account.product_spec is SMS else {"product": account.product}
    client = client_class(
        account.account,
        account.api_key,
        base_url=account.base_url,
        dynamic_password=account.dynamic_password,
        format=account.format,
        timeout=account.timeout,
        **others,
    )
    return RedirectClient(client, account.redirect_to) if account.redirect_to else client


class RedirectClient:
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


def original_recipient(mobile: str, smsid: str) -> str:
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
