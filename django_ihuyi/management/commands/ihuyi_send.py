"""``ihuyi_send``: send one message, or one to each row of a CSV file."""

from __future__ import annotations

import csv
import secrets
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from operator import itemgetter
from typing import IO, Any, TextIO

import click
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.db import Error as DatabaseError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_ihuyi import BulkResult, Refused, send_bulk, send_sms
from django_ihuyi.conf.validators import CATEGORIES
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.management.printing import TerminalCommand
from django_ihuyi.sending.csv_recipients import RecipientFile, UnreadableLine, open_file
from django_ihuyi.sending.results import MAX_REFUSED

_INTERRUPTED = 130
"""What shells say of a program that ended by Ctrl-C."""

_MOST_WAITING = 10_000
"""Rows that cannot be read, one after another, before they are reported ahead of the chunk's others."""
Refusal = tuple[int, int | str, str]
"""Line, code (empty where the row could not be read), reason."""


class _Report:
    """Refused rows by their lines: written to a CSV file one and all, or the first of them kept to be shown.

    Args:
        file: The file that they are from.
        output: The CSV file, open; or None.
    """

    def __init__(self, file: RecipientFile, output: IO[str] | None) -> None:
        self.count = 0
        self.first: list[Refusal] = []
        self._file = file
        self._of_chunk: list[Refusal] = []
        self._writer = None if output is None else csv.writer(output)
        if self._writer is not None:
            self._writer.writerow(("line", "code", "reason"))

    def refuse(self, row: Refused) -> None:
        """Take a row that was not recorded."""
        self._of_chunk.append((self._file.line_of(row.index), row.code, row.reason))

    def leave_out(self, row: UnreadableLine) -> None:
        """Take a row that cannot be read."""
        self._of_chunk.append((row.line, "", row.reason))
        if len(self._of_chunk) >= _MOST_WAITING:
            self._write()

    def end_chunk(self) -> None:
        """Write the rows of a chunk in the order of their lines."""
        self._write()
        self._file.forget_lines()

    def _write(self) -> None:
        rows = sorted(self._of_chunk, key=itemgetter(0))
        self._of_chunk.clear()
        self.count += len(rows)
        if self._writer is not None:
            self._writer.writerows(rows)
        else:
            self.first += rows[: MAX_REFUSED - len(self.first)]


class Command(TerminalCommand):
    """Record messages for the workers to send."""

    help = (
        "Records one message, or one for each row of a CSV file; the workers send them. The file's first line names "
        "the columns: mobile,content; or mobile with --content; or mobile and the template's variables in their order "
        "with --template. It is UTF-8 or GB18030. A run that was stopped goes on when it is started again with the "
        "same file and the same --key: what is recorded already is not recorded twice. "
        "Exit status 0: all are recorded; 1: some were refused; 2: wrong use."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take a number with a text, or a file, and what holds for all."""
        add = parser.add_argument
        add("mobile", nargs="?", metavar="MOBILE", help="The number.")
        add("text", nargs="?", metavar="TEXT", help="The text; with --template its variables, joined by |.")
        add("--file", metavar="FILE", help="A CSV file; - for standard input.")
        add("--content", metavar="TEXT", help="The text for all numbers of the file.")
        add("--template", metavar="ID", help="A template's name, or the gateway's id for it.")
        add("--category", choices=CATEGORIES, default="notification", help="(%(default)s)")
        add("--account", default="default", metavar="ALIAS", help="(%(default)s)")
        add("--key", help="Idempotency key. Without one, a file gets one, which is named when the run is interrupted.")
        add("--batch-size", type=int, default=1000, metavar="NUMBER", help="Messages a chunk (%(default)s).")
        add("--refused", metavar="FILE", help="Write refused rows to this CSV file instead of standard error.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401  Django's signature
        """Send one or many."""
        for_a_file = [name for name in ("content", "refused") if options[name] is not None]
        if options["file"] is None and (options["text"] is None or for_a_file):
            raise CommandError(_("Give MOBILE and TEXT, or --file with what belongs to it."), returncode=2)
        if options["file"] is not None and options["mobile"] is not None:
            raise CommandError(_("Give MOBILE and TEXT, or --file, not both."), returncode=2)
        if options["content"] is not None and options["template"] is not None:
            raise CommandError(_("Give --content or --template, not both."), returncode=2)
        try:
            (self._send_one if options["file"] is None else self._send_file)(options)
        except InvalidMessage as error:
            raise CommandError(f"{error.code} {error.reason}") from error
        except (OSError, ValueError, ImproperlyConfigured) as error:
            raise CommandError(str(error), returncode=2) from error

    def _send_one(self, options: dict[str, Any]) -> None:
        text, template = options["text"], options["template"]
        message = send_sms(
            options["mobile"],
            text if template is None else None,
            template=template,
            params=None if template is None else text.split("|"),
            category=options["category"],
            account=options["account"],
            idempotency_key=options["key"],
        )
        # Without a broker it is sent by now, or was tried.
        message.refresh_from_db()
        self.stdout.write(f"message={message.pk} status={message.status}")
        if message.error:
            self.stderr.write(message.error)

    def _send_file(self, options: dict[str, Any]) -> None:
        key = options["key"] or f"ihuyi_send-{secrets.token_hex(8)}"
        with ExitStack() as stack:
            file = RecipientFile(
                stack.enter_context(open_file(options["file"])),
                template=options["template"] is not None,
                content=options["content"] is not None,
                key=key,
            )
            # Opened first: a path that cannot be written to is found before anything is sent.
            path = options["refused"]
            output = stack.enter_context(open(path, "w", encoding="utf-8", newline="")) if path else None  # noqa: PTH123  as typed
            report = _Report(file, output)
            try:
                result = self._record(file, report, key, options)
            finally:
                report.end_chunk()
                self._tell(report)
        count = report.count
        self.stdout.write(f"batch={result.batch.pk} recorded={result.recorded} refused={count}")
        if count:
            raise CommandError(ngettext("%d row was refused.", "%d rows were refused.", count) % count)

    def _record(self, file: RecipientFile, report: _Report, key: str, options: dict[str, Any]) -> BulkResult:
        same = {name: options[name] for name in ("batch_size", "content", "template", "category", "account")}
        go_on = _("What is recorded will be sent. To go on, start it again with the same file and --key %s") % key
        try:
            with _progress(file, options.get("stderr") or sys.stderr) as advance:
                rows = _watched(file, advance, report, options["batch_size"])
                return send_bulk(rows, idempotency_key=key, on_refused=report.refuse, **same)
        except KeyboardInterrupt as error:
            what = _("Interrupted.")
            raise CommandError(f"{what} {go_on}", returncode=_INTERRUPTED) from error
        except DatabaseError as error:
            # The database's own words may quote a row.
            what = _("The database failed: %s.") % type(error).__name__
            raise CommandError(f"{what} {go_on}") from None

    def _tell(self, report: _Report) -> None:
        for line, code, reason in report.first:
            where = _("line %d") % line
            self.stderr.write(f"{where}: {code} {reason}" if code else f"{where}: {reason}")
        more = report.count - len(report.first)
        if report.first and more:
            words = ngettext("%d more row was refused.", "%d more rows were refused.", more) % more
            hint = _("--refused FILE writes all of them to a file.")
            self.stderr.write(f"{words} {hint}")


def _watched(
    file: RecipientFile, advance: Callable[[int], None], report: _Report, batch_size: int
) -> Iterator[dict[str, Any]]:
    seen = 0
    in_chunk = 0
    for row in file.rows():
        if file.position != seen:
            advance(file.position - seen)
            seen = file.position
        if isinstance(row, UnreadableLine):
            report.leave_out(row)
            continue
        yield row
        in_chunk += 1
        if in_chunk == batch_size:
            # send_bulk asks for the next chunk: it has recorded this one.
            report.end_chunk()
            in_chunk = 0


@contextmanager
def _progress(file: RecipientFile, stream: TextIO) -> Iterator[Callable[[int], None]]:
    """A bar of the file's bytes on a terminal, nothing elsewhere."""
    if not stream.isatty():
        yield lambda _read: None
        return
    with click.progressbar(length=file.size, file=stream) as bar:
        yield bar.update
