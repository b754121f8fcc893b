"""Settings of ``IHUYI["WEBHOOKS"]``: options, defaults, problems."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django_ihuyi import conf
from django_ihuyi.conf.base import option, read_section
from django_ihuyi.conf.validators import (
    validate_flag,
    validate_positive,
    validate_positive_or_none,
    validate_queues,
    validate_timeout,
)
from django_ihuyi.hooks import Problem


def validate_allowed_networks(value: object) -> str | None:
    try:
        right = isinstance(value, list | tuple) and all(
            isinstance(item, str) and bool(ipaddress.ip_network(item)) for item in value
        )
    except ValueError:
        right = False
    return None if right else "a list of networks such as ['10.1.0.0/16']; an empty one for the public internet only"


def validate_ports(value: object) -> str | None:
    right = isinstance(value, list | tuple) and bool(value)
    right = right and all(validate_positive(port) is None and port < 65536 for port in value)  # type: ignore[attr-defined]  # a list, says the line above
    return None if right else "a list of ports such as [443, 8443]"


def validate_queue(value: object) -> str | None:
    return None if value is None or (isinstance(value, str) and value) else "None, or a Celery queue's name"


@dataclass(frozen=True, kw_only=True)
class WebhookSettings:
    """Where events may go to, how long a receiver is waited for, how often it is tried, and how long rows are kept."""

    timeout: tuple[float, float] = option(validate_timeout, default=(3.05, 10))
    max_attempts: int = option(validate_positive, default=12)
    queue: str | None = option(validate_queue, default=None)
    allowed_networks: Sequence[str] = option(validate_allowed_networks, default=list)
    ports: Sequence[int] = option(validate_ports, default=lambda: [443])
    allow_http: bool = option(validate_flag, default=False)
    rotation_hours: int = option(validate_positive, default=24)
    retention_days: int | None = option(validate_positive_or_none, default=None)

    @property
    def rotation(self) -> timedelta:
        """How long a secret counts after another took its place."""
        return timedelta(hours=self.rotation_hours)


@conf.cached
def has_webhooks() -> bool:
    """Whether events go out to other systems. Cheap, since every change of a status asks."""
    return conf.get_section("WEBHOOKS") is not None


@conf.cached
def get_webhooks() -> WebhookSettings | None:
    """Read ``IHUYI['WEBHOOKS']``, or None where no events go out.

    Raises:
        ImproperlyConfigured: If a name is unknown or a value has the wrong form.
    """
    raw = conf.get_section("WEBHOOKS")
    return None if raw is None else read_section(raw, WebhookSettings, "IHUYI['WEBHOOKS']")


@conf.cached
def get_retention_days() -> int | None:
    """Return for how many days deliveries are kept: by an option of their own, else by the number for all rows.

    Returns:
        None for ever.
    """
    options = get_webhooks()
    own = options.retention_days if options is not None else None
    return conf.get_settings().days_kept("webhooks") if own is None else own


def setting_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Find that events share a queue with messages.

    Args:
        raw: ``IHUYI`` as it stands in the settings; its sections may have any form.
    """
    section, queues = raw.get("WEBHOOKS"), raw.get("QUEUES", {})
    if not isinstance(section, Mapping) or validate_queues(queues):
        return
    if section.get("QUEUE") in (None, *queues.values()):
        yield Problem(
            "W009",
            "IHUYI['WEBHOOKS'] has no QUEUE of its own: a receiver that answers slowly holds up messages.",
            "Write 'QUEUE': 'webhooks', or another name that no category of messages has, and run a worker for it.",
        )


def production_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Find that events may go out in clear.

    Args:
        raw: ``IHUYI`` as it stands in the settings; its sections may have any form.
    """
    section = raw.get("WEBHOOKS")
    if isinstance(section, Mapping) and section.get("ALLOW_HTTP"):
        yield Problem(
            "W023",
            "IHUYI['WEBHOOKS']['ALLOW_HTTP'] lets events about people go out in clear over http://.",
            "Leave ALLOW_HTTP out in production, and give receivers a certificate.",
        )
