"""``ihuyi_erase``: erase the personal data of one mobile number."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.gateway.products import normalize_any
from django_ihuyi.management.printing import TerminalCommand
from django_ihuyi.masking import mask_mobile
from django_ihuyi.privacy import erasure


class Command(TerminalCommand):
    """Take one person out of the record, and say what was done in each table."""

    help = (
        "Takes one person out of all tables: texts, codes and the number itself. What counts and costs stays, with the "
        "number masked; so does an opt-out, unless --forget-opt-out is given. "
        "Exit status 0: done; 1: something is on the wire, run it again, or could not be erased; 2: wrong use."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the number and how sure the caller is."""
        parser.add_argument("mobile", metavar="MOBILE", help="The number, in any common writing.")
        parser.add_argument("--dry-run", action="store_true", help="Count the rows, and change none.")
        parser.add_argument("--no-input", action="store_true", help="Do not ask.")
        parser.add_argument("--forget-opt-out", action="store_true", help="Forget as well that no marketing is wanted.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401  Django's signature
        """Count, ask, erase, report."""
        try:
            mobile = normalize_any(options["mobile"])
        except InvalidMessage as error:
            raise CommandError(f"{error.code} {error.reason}", returncode=2) from error
        if options["dry_run"]:
            self._report(erasure.count(mobile))
            return
        if not options["no_input"]:
            self._ask(mobile)
        try:
            self._report(erasure.erase(mobile, opt_out=options["forget_opt_out"]))
        except erasure.ErasureFailedError as error:
            self._report(error.counts)
            where = ", ".join(f"{label}={number}" for label, number in error.failed.items())
            said = _("Some rows could not be changed or deleted (%(error)s): %(where)s.")
            # The error itself may quote the rows.
            raise CommandError(said % {"error": type(error.error).__name__, "where": where}) from None
        left = erasure.left_on_the_wire(mobile)
        if left:
            said = ngettext(
                "%d message is on the wire: run it again in a minute.",
                "%d messages are on the wire: run it again in a minute.",
                left,
            )
            raise CommandError(said % left)

    def _ask(self, mobile: str) -> None:
        if not sys.stdin.isatty():
            raise CommandError(_("Nobody is there to be asked: give --no-input."), returncode=2)
        self.stdout.write(_("This cannot be taken back. Erase %s? Type yes:") % mask_mobile(mobile), ending=" ")
        self.stdout.flush()
        if sys.stdin.readline().strip().lower() != "yes":
            raise CommandError(_("Nothing was erased."))

    def _report(self, counts: Mapping[str, int]) -> None:
        for label, number in counts.items():
            self.stdout.write(f"{label}={number}")
