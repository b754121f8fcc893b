"""Tables and cells of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table.

    Args:
        header: The first row's cells.
        rows: The cells of the others.
    """
    lines = [header, ["---"] * len(header), *rows]
    text = [f"|{'|'.join(cells)}|" if cells[0] == "---" else f"| {' | '.join(map(_cell, cells))} |" for cells in lines]
    return "\n".join(text)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
