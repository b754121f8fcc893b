"""``IHUYI["WEBHOOKS"]``: its options with types and defaults. Read through :mod:`django_ihuyi.conf` only."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django_ihuyi.options import check_flag, check_positive, check_timeout, option


def check_allowed_networks(value: object) -> str | None:
    try:
        right = isinstance(value, list | tuple) and all(
            isinstance(item, str) and bool(ipaddress.ip_network(item)) for item in value
        )
    except ValueError:
        right = False
    return None if right else "a list of networks such as ['10.1.0.0/16']; an empty one for the public internet only"


def check_ports(value: object) -> str | None:
    right = isinstance(value, list | tuple) and bool(value)
    right = right and all(check_positive(port) is None and port < 65536 for port in value)  # type: ignore[attr-defined]  # a list, says the line above
    return None if right else "a list of ports such as [443, 8443]"


def check_queue(value: object) -> str | None:
    return None if value is None or (isinstance(value, str) and value) else "None, or a Celery queue's name"


@dataclass(frozen=True, kw_only=True)
class WebhookSettings:
    """Where events may go to, how long a receiver is waited for, and how often it is tried."""

    timeout: tuple[float, float] = option(check_timeout, default=(3.05, 10))
    max_attempts: int = option(check_positive, default=12)
    queue: str | None = option(check_queue, default=None)
    allowed_networks: Sequence[str] = option(check_allowed_networks, default=list)
    ports: Sequence[int] = option(check_ports, default=lambda: [443])
    allow_http: bool = option(check_flag, default=False)
    rotation_hours: int = option(check_positive, default=24)

    @property
    def rotation(self) -> timedelta:
        """How long a secret counts after another took its place."""
        return timedelta(hours=self.rotation_hours)
