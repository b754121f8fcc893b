"""Reads CSV files of recipients for ``send_bulk``: encoding, header, invalid rows.

A row that cannot be read is noted with its line and left out. Nothing here says what stands in a file: a first line
that is no header, or a row that is not right, may be anybody's number.
"""

from __future__ import annotations

import codecs
import csv
import io
import shutil
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Any, NamedTuple

from django.utils.translation import gettext as _

_BLOCK_SIZE = 1 << 16
_MAX_LINES = 50
"""Lines of one row: a text may have line breaks, but a quotation mark too many must not swallow the file."""


class RecipientFileError(ValueError):
    """The file as a whole cannot be used. What it says names no part of the content."""


class UnreadableLine(NamedTuple):
    """A row that cannot be read: its line, from 1, and what is wrong."""

    line: int
    reason: str


class RecipientFile:
    """The rows of one file, once.

    Args:
        file: The file, opened for bytes, at its beginning; it can be rewound.
        template: Whether the columns besides ``mobile`` are a template's variables.
        content: Whether all get one text, so that ``mobile`` is the only column.
        key: What the rows' idempotency keys begin with; the line follows.

    Raises:
        RecipientFileError: Neither UTF-8 nor GB18030, or the first line does not name the columns.
    """

    def __init__(self, file: IO[bytes], *, template: bool, content: bool, key: str) -> None:
        self.size = file.seek(0, io.SEEK_END)
        encoding = _encoding_of(file)
        file.seek(0)
        self._bytes = file
        self._lines = enumerate(io.TextIOWrapper(file, encoding=encoding, newline=""), start=1)
        self._ahead: deque[tuple[int, str]] = deque()
        self._template = template
        self._key = key
        self._line_of: dict[int, int] = {}
        self._columns = self._read_header(content=content)

    @property
    def position(self) -> int:
        """How many bytes of ``size`` are read."""
        return self._bytes.tell()

    def rows(self) -> Iterator[dict[str, Any] | UnreadableLine]:
        """Yield the rows as ``send_bulk`` takes them, and those that cannot be read."""
        index = 0
        for line, fields in self._records():
            if isinstance(fields, str):
                yield UnreadableLine(line, fields)
                continue
            if len(fields) != len(self._columns):
                reason = _("The row has %(found)d columns, the first line %(named)d.")
                yield UnreadableLine(line, reason % {"found": len(fields), "named": len(self._columns)})
                continue
            self._line_of[index] = line
            index += 1
            yield self._row(line, dict(zip(self._columns, fields, strict=True)))

    def line_of(self, index: int) -> int:
        """Return the line of a row that was yielded since :meth:`forget_lines` was called, by its place from 0."""
        return self._line_of[index]

    def forget_lines(self) -> None:
        """Forget the lines of the rows so far: a file may be large."""
        self._line_of.clear()

    def _row(self, line: int, named: dict[str, str]) -> dict[str, Any]:
        row: dict[str, Any] = {"mobile": named.pop("mobile")}
        if self._template:
            row["params"] = named
        elif named:
            row["content"] = named["content"]
        # By line, so that a row that is mended keeps its key and those behind it theirs.
        row["idempotency_key"] = f"{self._key}:{line}"
        return row

    def _read_header(self, *, content: bool) -> list[str]:
        _first, fields = next(self._records(), (0, []))
        columns = [] if isinstance(fields, str) else [field.strip() for field in fields]
        example = "mobile" if content else "mobile,..." if self._template else "mobile,content"
        if columns.count("mobile") != 1:
            raise RecipientFileError(_("The first line has to name the columns, “mobile” once: write %s.") % example)
        others = [column for column in columns if column != "mobile"]
        if len(set(others)) < len(others) or not all(others):
            raise RecipientFileError(_("The first line has a column without a name, or two of one name."))
        if not self._template and others != ([] if content else ["content"]):
            raise RecipientFileError(_("The first line has other columns than are read: write %s.") % example)
        return columns

    def _records(self) -> Iterator[tuple[int, list[str] | str]]:
        """Split lines into fields, or say why that cannot be done; a row of several lines counts by its first."""
        while (first := self._next_line()) is not None:
            taken = [first]
            fields = _parse([text for _at, text in taken])
            while fields is None and len(taken) < _MAX_LINES and (more := self._next_line()) is not None:
                taken.append(more)
                fields = _parse([text for _at, text in taken])
            if fields is None:
                yield first[0], _("The row is no CSV: a quotation mark is not closed, or text follows it.")
                self._ahead.extendleft(reversed(taken[1:]))
            elif any(field.strip() for field in fields):
                yield first[0], fields

    def _next_line(self) -> tuple[int, str] | None:
        return self._ahead.popleft() if self._ahead else next(self._lines, None)


@contextmanager
def open_file(path: str) -> Iterator[IO[bytes]]:
    """Open a file, or what comes in where the path is ``-``, so that it can be read twice.

    Args:
        path: A file's path, or ``-``. What comes in is kept in a temporary file without a name meanwhile.

    Raises:
        OSError: There is no such file, or it cannot be read.
    """
    with ExitStack() as stack:
        if path == "-":
            file: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(sys.stdin.buffer, file)
            file.seek(0)
        else:
            file = stack.enter_context(open(path, "rb"))  # noqa: PTH123  a path as it was typed
        yield file


def _parse(lines: list[str]) -> list[str] | None:
    try:
        return next(csv.reader(lines, strict=True), [])
    except csv.Error:
        return None


def _encoding_of(file: IO[bytes]) -> str:
    """UTF-8 with or without a mark in front, or what spreadsheets write in China."""
    for encoding in ("utf-8-sig", "gb18030"):
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while block := file.read(_BLOCK_SIZE):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise RecipientFileError(_("The file is neither UTF-8 nor GB18030: save it as “CSV UTF-8”."))
