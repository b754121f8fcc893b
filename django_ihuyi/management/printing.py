"""Output on terminals and files whose encoding lacks characters, such as cron with ``LC_ALL=C``."""

from __future__ import annotations

import sys
from typing import Any, TextIO

from django.core.management.base import BaseCommand
from django.utils import translation

_FAIL = frozenset({"strict", "surrogateescape"})
"""What streams do by themselves with a character that their encoding does not have."""


class TerminalCommand(BaseCommand):
    """A command whose output never fails: where the terminal has no Chinese it speaks English, and writes what is
    left, such as a text in a table, as ``\\\\uXXXX``.
    """

    def run_from_argv(self, argv: list[str]) -> None:
        """Run it from the command line, where the help has characters of its own."""
        make_printable(sys.stdout)
        make_printable(sys.stderr)
        super().run_from_argv(argv)

    def execute(self, *args: Any, **options: Any) -> str | None:  # noqa: ANN401  Django's signature
        """Run it, from the command line or by ``call_command``."""
        stdout = options.get("stdout") or sys.stdout
        make_printable(stdout)
        make_printable(options.get("stderr") or sys.stderr)
        if has_chinese(stdout):
            return super().execute(*args, **options)
        with translation.override("en"):
            return super().execute(*args, **options)


def make_printable(stream: TextIO) -> None:
    """Have a stream write ``\\\\uXXXX`` for a character that its encoding does not have, instead of raising."""
    if getattr(stream, "errors", None) in _FAIL and hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def has_chinese(stream: TextIO) -> bool:
    """Whether a stream can write Chinese. One without an encoding is in memory, and can."""
    try:
        "短信".encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
