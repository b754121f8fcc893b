"""Export files: CSV that is streamed, and XLSX if XlsxWriter is installed.

No library does CSV's part: the one for it (defusedcsv) lets pass what begins with a tab, a line's end or a full-width
sign, and spreadsheets in China take the latter for formulas too; nor does it look further than a cell's beginning.
XlsxWriter has a mode that keeps one row in memory.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterator
from datetime import datetime
from importlib.util import find_spec
from typing import IO, Any

from .rows import Cell, Rows

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Tells Excel that a CSV file is UTF-8; without it, in China, it takes it for GB18030."""
XLSX_MAX_ROWS = 100_000
"""Rows of an XLSX file, which has to be complete before its first byte is sent. The format ends at 1,048,576."""

_SIGNS = "=+-@|%＝＋－＠"
"""What a spreadsheet may take for the beginning of a formula or a command."""
_SPACE = "\t\r\n"
"""What it may pass over before that."""
_FORMULA = tuple(_SIGNS + _SPACE)
_LATER = re.compile(rf"""([;{_SPACE}]"*)(?=[{re.escape(_SIGNS)}])""")
"""Where a formula would begin for a program that splits at semicolons or tabs instead of commas: such a program sees no
quotes around our cells, since for it they do not begin there, so a semicolon, a tab or a line's end begins a cell.
Quotes that follow, which a CSV file has doubled, are an empty quotation for it and hide nothing."""


def has_xlsx() -> bool:
    """Whether XLSX can be written here: the extra ``xlsx`` is installed."""
    return find_spec("xlsxwriter") is not None


def escape_formula(text: str) -> str:
    """Return a text of which no spreadsheet takes anything for a formula, however it splits the file into cells.

    An apostrophe in front says that it is text. Within the text there is one only where a cell of another program's
    would begin with a formula (OWASP, "CSV Injection"): everything else stays as it is.
    """
    text = _LATER.sub(r"\1'", text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_chunks(rows: Rows) -> Iterator[bytes]:
    """Write a CSV file, a piece for each piece of the rows."""
    page = io.StringIO()
    writer = csv.writer(page)
    page.write(BOM)
    writer.writerow(rows.header)
    yield page.getvalue().encode()
    for chunk in rows:
        page.seek(0)
        page.truncate()
        writer.writerows([_plain(cell) for cell in row] for row in chunk)
        yield page.getvalue().encode()


def _plain(cell: Cell) -> str | int | None:
    if isinstance(cell, datetime):
        return str(cell)
    return escape_formula(cell) if isinstance(cell, str) else cell


def xlsx_file(rows: Rows) -> IO[bytes]:
    """Write an XLSX file.

    Returns:
        The file, a temporary one, to be read from its beginning and closed by the caller.
    """
    import xlsxwriter

    file = tempfile.TemporaryFile()  # noqa: SIM115  the response closes it
    # One row in memory at a time. Texts stay texts: no formula, no link, no number is made of one.
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"})
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, len(rows.header) - 1, 18)
    sheet.write_row(0, 0, rows.header, book.add_format({"bold": True}))
    number = 0
    for chunk in rows:
        for row in chunk:
            number += 1
            for column, cell in enumerate(row):
                _write(sheet, number, column, cell)
    sheet.autofilter(0, 0, number, len(rows.header) - 1)
    book.close()
    file.seek(0)
    return file


def _write(sheet: Any, row: int, column: int, cell: Cell) -> None:  # noqa: ANN401  XlsxWriter has no types
    if isinstance(cell, str):
        sheet.write_string(row, column, cell)
    elif isinstance(cell, datetime):
        sheet.write_datetime(row, column, cell)
    elif cell is not None:
        sheet.write_number(row, column, cell)
