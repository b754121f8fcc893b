"""All health checks by name. A check that fails is itself a result."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from django.utils import timezone

from django_ihuyi import hooks
from django_ihuyi.health_result import HealthResult, Thresholds, catch_errors
from django_ihuyi.hooks import HealthCheck

from . import database_health, external_health

_CORE: Final[dict[str, HealthCheck]] = {
    "settings": external_health.settings,
    "gateway": external_health.gateway,
    "broker": external_health.broker,
    "sweep": database_health.sweep,
    "queues": database_health.queues,
    "waiting": database_health.waiting,
    "claims": database_health.claims,
    "unknown": database_health.unknown,
    "receipts": database_health.receipts,
    "pauses": database_health.pauses,
    "tables": database_health.tables,
}


def all_checks() -> Mapping[str, HealthCheck]:
    """Return the checks of the core and of the installed features by their names, in the order of the findings.

    The names are what ``--only`` takes. The check of the gateway looks at the clock as well.
    """
    found = dict(_CORE)
    for config in hooks.features():
        found.update(config.health_checks())
    return found


def run_health_checks(*, only: Collection[str] = (), limits: Thresholds | None = None) -> list[HealthResult]:
    """Check everything, or what is named.

    Args:
        only: Names of checks; none for all of them.
        limits: From where on figures are bad, and how long the gateway and the broker are waited for.

    Returns:
        What was found, each check's findings together, in the order of :func:`all_checks`.
    """
    found: list[HealthResult] = []
    for name, findings in all_checks().items():
        if not only or name in only:
            found.extend(catch_errors(name, "", findings(limits or Thresholds(), timezone.now())))
    return found
