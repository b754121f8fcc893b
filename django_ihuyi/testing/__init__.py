"""Test helpers for sites: outbox, clients, simulated pushes. ``docs/testing.md`` has recipes.

Nothing here belongs in production: ``manage.py check --deploy`` says so where it is found. No model is imported
before a function is called, so that a settings module may name a client of this package.
"""

from __future__ import annotations

from .clients import ConsoleClient, OutboxClient
from .code_reader import latest_code
from .outbox import Outbox, Sent, outbox
from .push_simulation import deliver, reply, wait_for
from .settings_override import OutboxMixin, use_gateway, use_outbox

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
