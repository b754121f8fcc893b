"""``ihuyi_purge``: apply the retention settings."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

import click
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from django_ihuyi.management.printing import TerminalCommand
from django_ihuyi.privacy.retention import RetentionJob, jobs

_INTERRUPTED = 130
"""What shells say of a program that ended by Ctrl-C."""


class Command(TerminalCommand):
    """Delete and empty what is old, as the settings say."""

    help = (
        "Deletes messages, receipts, replies, balances and webhook deliveries older than RETENTION_DAYS, empties "
        "texts older than TEXT_RETENTION_DAYS, and hashes numbers older than HASH_MOBILES_AFTER_DAYS. Never touches "
        "what is queued, on the wire, or may still be settled by a receipt. "
        "Safe beside workers; a run that was stopped is started again and goes on. A row that cannot be deleted, such "
        "as one that a table of the site protects, stays, and stops no other. "
        "Exit status 0: done; 1: something could not be done; 2: wrong settings."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whether to count only."""
        parser.add_argument("--dry-run", action="store_true", help="Count what would be done, and do nothing.")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:  # noqa: ANN401  Django's signature
        """Purge or count."""
        try:
            todo = jobs(timezone.now())
        except ImproperlyConfigured as error:
            raise CommandError(str(error), returncode=2) from error
        if not todo:
            self.stdout.write(_("Everything is kept for ever: set RETENTION_DAYS or TEXT_RETENTION_DAYS."))
            return
        stream = options.get("stderr") or sys.stderr
        try:
            for job in todo:
                number = job.count() if dry_run else self._run(job, stream)
                self.stdout.write(f"{job.name}={number}")
                self._tell_failure(job)
        except KeyboardInterrupt as error:
            raise CommandError(_("Interrupted. Start it again to go on."), returncode=_INTERRUPTED) from error
        failed = [job.name for job in todo if job.failures]
        if failed:
            raise CommandError(_("Not everything could be done: %s.") % ", ".join(failed))

    def _tell_failure(self, job: RetentionJob) -> None:
        """Say how much of a job is left and why: the error's text may quote rows, its name does not."""
        if job.error is not None:
            said = _("%(job)s: %(count)d rows could not be deleted or emptied (%(error)s).")
            values = {"job": job.name, "count": job.left, "error": type(job.error).__name__}
            self.stderr.write(said % values)

    def _run(self, job: RetentionJob, stream: Any) -> int:  # noqa: ANN401  a text stream or Django's wrapper of one
        """End a job's rows, with a bar on a terminal and nothing elsewhere."""
        if not stream.isatty():
            return sum(job.run())
        number = 0
        with click.progressbar(length=job.count(), label=job.name, file=stream) as bar:
            for done in job.run():
                number += done
                bar.update(done)
        return number
