"""Settings for tests: every account sends to the outbox or to a sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Unpack

from django.conf import settings
from django.test import SimpleTestCase, override_settings
from django.urls import reverse

from django_ihuyi.gateway.products import SMS
from django_ihuyi.sandbox import Sandbox
from django_ihuyi.sandbox.options import OptionFields

from .outbox import Outbox, outbox

TOKEN = "only-for-tests-0123456789"  # noqa: S105  a token for sites that have none
running_gateways: list[Sandbox] = []
"""The sandboxes of :func:`use_gateway`, the latest last."""


@contextmanager
def use_outbox() -> Iterator[Outbox]:
    """Have every account send to the outbox, which is empty at first. A decorator as well as a context manager.

    Yields:
        :data:`django_ihuyi.testing.outbox`.
    """
    outbox.clear()
    with _accounts(CLIENT="django_ihuyi.testing.OutboxClient"):
        try:
            yield outbox
        finally:
            outbox.clear()


@contextmanager
def use_gateway(push_to: str | None = None, **options: Unpack[OptionFields]) -> Iterator[Sandbox]:
    """Start a sandbox on a free port and have every account send to it over real HTTP.

    Args:
        push_to: The address of a server on this machine that runs the site, such as ``live_server.url``; None: no
            receipt and no reply is pushed.
        options: The sandbox's, as ``docs/sandbox.md`` tells them. Unless they say otherwise, receipts come after
            0.05 s and a number may have any number of messages a second.

    Yields:
        The sandbox: its ``messages``, ``force(code)``, ``reply(mobile, text)`` ...
    """
    given: OptionFields = {"receipt_delay": 0.05, "push_pauses": (0.2, 0.4), "one_a_second": False}
    with ExitStack() as stack:
        stack.enter_context(_accounts())
        if push_to is not None:
            token = settings.IHUYI["PUSH_TOKENS"][0]
            given["receipt_url"] = push_to + reverse("django_ihuyi:push-receipt", args=[token])
            given["reply_url"] = push_to + reverse("django_ihuyi:push-reply", args=[token])
        given.update(options)
        sandbox = stack.enter_context(Sandbox(**given))
        own = sandbox.options
        stack.enter_context(
            _accounts(
                sandbox,
                ACCOUNT=own.account,
                API_KEY=own.api_key,
                CLIENT="django_ihuyi.gateway.Client",
            )
        )
        running_gateways.append(sandbox)
        stack.callback(running_gateways.remove, sandbox)
        yield sandbox


@contextmanager
def _accounts(sandbox: Sandbox | None = None, **changes: str) -> Iterator[None]:
    """Change every account's settings, and submit in this process what would be published."""
    from django_ihuyi.dispatch import use_dispatcher

    from .inline import InlineDispatcher

    def changed_account(account: Mapping[str, Any]) -> dict[str, Any]:
        address = {} if sandbox is None else {"BASE_URL": sandbox.base_url_of(account.get("PRODUCT", SMS.name))}
        return {**account, **changes, **address, "REDIRECT_TO": []}

    ihuyi: Mapping[str, Any] = getattr(settings, "IHUYI", None) or {}
    accounts = ihuyi.get("ACCOUNTS") or {"default": {"ACCOUNT": "tests", "API_KEY": "tests-only"}}
    changed = {
        **ihuyi,
        "ACCOUNTS": {alias: changed_account(account) for alias, account in accounts.items()},
        "PUSH_TOKENS": ihuyi.get("PUSH_TOKENS") or [TOKEN],
    }
    with override_settings(IHUYI=changed), use_dispatcher(InlineDispatcher()):
        yield


class OutboxMixin(SimpleTestCase):
    """For a Django ``TestCase``: ``self.ihuyi_outbox`` is the outbox, empty at the start of each test."""

    ihuyi_outbox: Outbox

    def setUp(self) -> None:
        """Have every account send to the outbox until the test ends."""
        super().setUp()
        self.ihuyi_outbox = self.enterContext(use_outbox())
