"""From an account's settings to the client that speaks for it."""

from __future__ import annotations

from typing import cast

from django.utils.module_loading import import_string

from django_ihuyi.conf import AccountSettings
from django_ihuyi.gateway import Client
from django_ihuyi.gateway.products import SMS

from .redirected import Redirected


def make_client(account: AccountSettings) -> Client:
    """Make the client of an account. Cheap: connections are pooled per process and account behind it.

    Args:
        account: The account's settings; ``client`` names the class.
    """
    client_class = cast("type[Client]", import_string(account.client))
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
    return cast("Client", Redirected(client, account.redirect_to)) if account.redirect_to else client
