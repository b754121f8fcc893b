"""What a site's own tests and its developers use in place of the gateway. ``docs/testing.md`` has the recipes.

Nothing here belongs in production: ``manage.py check --deploy`` says so where it is found. No model is imported
before a function is called, so that a settings module may name a client of this package.
"""

from __future__ import annotations

from .cases import OutboxMixin, use_gateway, use_outbox
from .clients import ConsoleClient, OutboxClient
from .outbox import Outbox, Sent, outbox
from .pushing import deliver, reply, wait_for
from .reading import latest_code

__all__ = [
    "ConsoleClient",
    "Outbox",
    "OutboxClient",
    "OutboxMixin",
    "Sent",
    "deliver",
    "latest_code",
    "outbox",
    "reply",
    "use_gateway",
    "use_outbox",
    "wait_for",
]
