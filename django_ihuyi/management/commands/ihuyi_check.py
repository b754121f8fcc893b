"""``ihuyi_check``: run the health checks; exit status for monitoring programs."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from django_ihuyi.health_result import HealthResult, Level, Thresholds, worst
from django_ihuyi.management.printing import TerminalCommand
from django_ihuyi.monitoring.health import all_checks, run_health_checks
from django_ihuyi.sentences import join_sentences

_LIMITS = {
    "waiting": "Seconds that the oldest due message waits",
    "sweep": "Seconds since the last sweep",
    "queue": "Seconds that a task takes through a queue",
    "clock": "Seconds that this server's clock is off",
    "unknown": "Messages of the last day without an answer",
    "balance": "Messages that an account has left, or fewer",
}


class Command(TerminalCommand):
    """Check everything that sending needs."""

    help = (
        "Checks the settings, each account at the gateway, this server's clock, the broker, sweep and workers, "
        "and whether messages wait, are unknown, or lack receipts. "
        "Exit status 0: all is well; 1: a warning; 2: critical; 3: something could not be checked."
    )
    # Wrong settings are a finding, not a reason to say nothing.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to check, the limits and the form."""
        add = parser.add_argument
        only = "Check only this; several times for several."
        add("--only", action="append", choices=list(all_checks()), default=[], help=only)
        add("--json", action="store_true", help="Print one JSON object.")
        add(
            "--timeout",
            type=float,
            default=Thresholds().timeout,
            help="Seconds for a call to the gateway or the broker (%(default)g).",
        )
        for name, what in _LIMITS.items():
            default = getattr(Thresholds(), name)
            shown = "below BALANCE_LOW, 0" if default is None else f"{default[0]:g} {default[1]:g}"
            said = f"{what}: from where on it is a warning, and critical ({shown})."
            add(f"--{name}", nargs=2, type=float, metavar=("WARNING", "CRITICAL"), default=default, help=said)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401  Django's signature
        """Check, print, end with the exit status."""
        if not 0 < options["timeout"] <= 60:
            raise CommandError(_("--timeout is a number of seconds above 0, 60 at the most."), returncode=3)
        limits = Thresholds(
            **{name: options[name] and tuple(options[name]) for name in _LIMITS}, timeout=options["timeout"]
        )
        found = run_health_checks(only=options["only"], limits=limits)
        level = worst(found)
        self.stdout.write(_as_json(level, found) if options["json"] else _as_text(found))
        if level is not Level.OK:
            sys.exit(level.value)


def _as_json(level: Level, found: list[HealthResult]) -> str:
    checks = [
        {
            "check": item.check,
            "subject": item.subject,
            "status": item.level.name,
            "text": item.text,
            "advice": item.action,
            **item.figures,
        }
        for item in found
    ]
    return json.dumps({"status": level.name, "checks": checks}, ensure_ascii=False)


def _as_text(found: list[HealthResult]) -> str:
    what = [f"{item.check} {item.subject}".strip() for item in found]
    width = max(map(len, what))
    lines = []
    for item, name in zip(found, what, strict=True):
        line = f"{item.level.name:<8} {name:<{width}}  {item.text}"
        # What a code means and what a system check says are sentences already.
        lines.append(join_sentences(line, item.action))
    return "\n".join(lines)
