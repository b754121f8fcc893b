"""All checks by their names. None raises: one that fails is a finding itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Final

from django.utils import timezone

from . import outside, record
from .findings import Finding, Limits, guarded

CHECKS: Final[dict[str, Callable[[Limits, datetime], Iterator[Finding]]]] = {
    "settings": outside.settings,
    "gateway": outside.gateway,
    "broker": outside.broker,
    "sweep": record.sweep,
    "queues": record.queues,
    "waiting": record.waiting,
    "claims": record.claims,
    "unknown": record.unknown,
    "receipts": record.receipts,
    "pauses": record.pauses,
    "webhooks": record.webhooks,
}
"""What ``--only`` takes, in the order of the findings; the check of the gateway tells about the clock as well."""


def check(*, only: Collection[str] = (), limits: Limits | None = None) -> list[Finding]:
    """Check everything, or what is named.

    Args:
        only: Names of checks; none for all of them.
        limits: From where on figures are bad, and how long the gateway and the broker are waited for.

    Returns:
        What was found, each check's findings together, in the order of :data:`CHECKS`.
    """
    found: list[Finding] = []
    for name, findings in CHECKS.items():
        if not only or name in only:
            found.extend(guarded(name, "", findings(limits or Limits(), timezone.now())))
    return found
