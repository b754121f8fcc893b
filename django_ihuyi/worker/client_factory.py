"""From an account's settings to the client that speaks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from django.utils.module_loading import import_string

from django_ihuyi.conf import AccountSettings
from django_ihuyi.gateway import SubmitResult
from django_ihuyi.gateway.products import SMS

from .redirected import Redirected


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
    others = {} if account.sold_as is SMS else {"product": account.product}
    client = client_class(
        account.account,
        account.api_key,
        base_url=account.base_url,
        dynamic_password=account.dynamic_password,
        format=account.format,
        timeout=account.timeout,
        **others,
    )
    return Redirected(client, account.redirect_to) if account.redirect_to else client
