"""``ihuyi_recount``: count the dashboard's figures anew, from the messages that there are."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, datetime
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from django_ihuyi.china_time import as_site_time
from django_ihuyi.dashboard import counters
from django_ihuyi.management.printing import TerminalCommand


class Command(TerminalCommand):
    """Forget figures, and count them from the messages."""

    help = (
        "Counts the dashboard's figures anew since a day. Messages that are deleted by now are then missing from "
        "them, so choose no day before the oldest that is kept. Can be stopped: the sweep goes on with the rest."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the first day."""
        parser.add_argument("--since", required=True, help="The first day in the site's time zone, as 2026-01-31.")

    def handle(self, *args: Any, since: str, **options: Any) -> None:  # noqa: ANN401  Django's signature
        """Count."""
        try:
            first = as_site_time(datetime.combine(date.fromisoformat(since), datetime.min.time()))
        except ValueError as error:
            raise CommandError(_("--since is a day such as 2026-01-31.")) from error
        now = timezone.now()
        if first > now:
            raise CommandError(_("--since is in the future."))
        due = counters.recount(first, now=now)
        self.stdout.write(_("%d half-hours to count.") % due)
        more = True
        while more:
            _changed, more = counters.count_due(now)
        self.stdout.write(_("Done."))
