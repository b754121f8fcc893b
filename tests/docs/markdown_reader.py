"""Reads the Markdown documents: their code, headings, tables and links."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-hans.md")
TRANSLATED = tuple(sorted(path.name for path in (ROOT / "docs" / "zh-hans").glob("*.md")))
"""The files of ``docs/`` that are in ``docs/zh-hans/`` as well."""

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w+)\n(?P<code>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Code:
    """A fenced block."""

    language: str
    text: str

    @property
    def file(self) -> str:
        """The file that its first line names, or an empty text."""
        found = re.match(r"(?:#|<!--) ([\w/]+\.(?:py|html))", self.text)
        return found[1] if found else ""


def read(name: str) -> str:
    """Return a document, by its path from the project's root."""
    return (ROOT / name).read_text("utf-8")


def blocks(name: str, language: str = "") -> list[Code]:
    """Return a document's fenced blocks, of one language or of all."""
    return fenced(read(name), language)


def fenced(text: str, language: str = "") -> list[Code]:
    """Return the fenced blocks of a text, of one language or of all."""
    found = [Code(match["language"], textwrap.dedent(match["code"])) for match in _FENCE.finditer(text)]
    return [code for code in found if language in ("", code.language)]


def headings(name: str) -> list[str]:
    """Return the signs in front of a document's headings: ``#``, ``##`` ..., and ``**1.`` for a numbered step."""
    return re.findall(r"^(#+|\*\*\d\.)(?= )", _FENCE.sub("", read(name)), re.MULTILINE)


def tables(name: str) -> list[list[list[str]]]:
    """Return a document's tables: rows of cells, the first row the header's."""
    found: list[list[list[str]]] = [[]]
    for line in _FENCE.sub("", read(name)).splitlines():
        if not line.startswith("|"):
            found.append([])
        elif not line.startswith("|---"):
            found[-1].append([cell.strip().replace("\\|", "|") for cell in _CELL.split(line)[1:-1]])
    return [table for table in found if table]


def links(name: str) -> set[str]:
    """Return where a document's links and pictures lead within the project, fragments left out."""
    targets = {match["target"] for match in _LINK.finditer(_FENCE.sub("", read(name)))}
    return {target.partition("#")[0] for target in targets if not re.match(r"\w+:|#", target)}


def code_in(cell: str) -> str:
    """Return what stands in a cell's first pair of backquotes, or an empty text."""
    found = re.search(r"`([^`]+)`", cell)
    return found[1] if found else ""
