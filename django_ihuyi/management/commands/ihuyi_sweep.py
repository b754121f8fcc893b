"""``ihuyi_sweep``: run the sweep once or in a loop, for sites without Celery beat."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import close_old_connections
from django.utils.translation import gettext as _

from django_ihuyi.maintenance import sweep
from django_ihuyi.management.printing import TerminalCommand
from django_ihuyi.management.shutdown import shutdown_signal
from django_ihuyi.monitoring import heartbeats


class Command(TerminalCommand):
    """Mend the record: publish what was lost, end claims that ran out, expire, match receipts."""

    help = (
        "Mends the record after whatever died. Safe to run many at a time. "
        "Exit status 0: done; 1: a step failed (with --once)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take once or loop, and the pause between two sweeps."""
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--once", action="store_true", help="Sweep once and end (the default; for cron).")
        how.add_argument("--loop", action="store_true", help="Sweep until SIGINT or SIGTERM.")
        parser.add_argument("--interval", type=float, default=10.0, help="Seconds between two sweeps (10).")

    def handle(self, *args: Any, loop: bool, interval: float, **options: Any) -> None:  # noqa: ANN401  Django's signature
        """Sweep."""
        if interval <= 0:
            raise CommandError(_("--interval is a number of seconds above 0."))
        if not loop:
            try:
                self._sweep()
            except Exception as error:
                raise CommandError(_("The sweep failed: %s") % type(error).__name__) from error
            return
        with shutdown_signal() as stop:
            while not stop.asked:
                try:
                    self._sweep()
                except Exception as error:  # noqa: BLE001  a database that is away comes back; a loop outlives it
                    self.stderr.write(_("The sweep failed: %s") % type(error).__name__)
                close_old_connections()
                stop.wait(interval)

    def _sweep(self) -> None:
        with heartbeats.sweeping():
            counts = sweep()
        self.stdout.write(" ".join(f"{name}={count}" for name, count in counts.items()))
