"""All checks by their names. None raises: one that fails is a finding itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from functools import partial

from django.utils import timezone

from . import outside, record
from .findings import Finding, Limits, guarded

NAMES = (
    "settings",
    "gateway",
    "broker",
    "sweep",
    "queues",
    "waiting",
    "claims",
    "unknown",
    "receipts",
    "pauses",
    "webhooks",
)
"""What ``--only`` takes; the check of the gateway tells about the clock as well."""


def check(*, only: Collection[str] = (), limits: Limits | None = None, timeout: float = 5) -> list[Finding]:
    """Check everything, or what is named.

    Args:
        only: Names of checks; none for all of them.
        limits: From where on figures are bad.
        timeout: Seconds that each call to the gateway or the broker may take.

    Returns:
        What was found, each check's findings together, in the order of :data:`NAMES`.
    """
    checks = _checks(timeout)
    found: list[Finding] = []
    for name in NAMES:
        if not only or name in only:
            found.extend(guarded(name, "", checks[name](limits or Limits(), timezone.now())))
    return found


_Check = Callable[[Limits, datetime], Iterator[Finding]]


def _checks(timeout: float) -> dict[str, _Check]:
    return {
        "settings": partial(outside.settings, timeout=timeout),
        "gateway": partial(outside.gateway, timeout=timeout),
        "broker": partial(outside.broker, timeout=timeout),
        "sweep": record.sweep,
        "queues": record.queues,
        "waiting": record.waiting,
        "claims": record.claims,
        "unknown": record.unknown,
        "receipts": record.receipts,
        "pauses": record.pauses,
        "webhooks": record.webhooks,
    }
