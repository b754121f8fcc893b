"""The names of log records: each record of the package has one, and the page on watching lists just these."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import django_ihuyi
from django_ihuyi.models import Message

from .markdown_reader import code_in, tables

_PACKAGE = Path(django_ihuyi.__file__).parent
_LEVELS = {"debug", "info", "warning", "error", "critical", "exception", "log"}


def _records() -> list[tuple[str, ast.expr | None]]:
    """Where a record is written, and the name that it has. The sandbox is no part of a site."""
    found = []
    for path in sorted(_PACKAGE.rglob("*.py")):
        if "sandbox" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _LEVELS):
                continue
            if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "logger"):
                continue
            said = next((word.value for word in node.keywords if word.arg == "extra"), None)
            pairs = zip(said.keys, said.values, strict=True) if isinstance(said, ast.Dict) else ()
            named = (value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "event")
            found.append((f"{path.relative_to(_PACKAGE)}:{node.lineno}", next(named, None)))
    return found


def test_each_record_has_a_name() -> None:
    records = _records()
    assert len(records) > 15
    assert [where for where, event in records if event is None] == []


@pytest.mark.parametrize("page", ["docs/monitoring.md", "docs/zh-hans/monitoring.md"])
def test_the_page_lists_them(page: str) -> None:
    listed = [code_in(row[0]) for table in tables(page) for row in table[1:]]
    names = [name for name in listed if "." in name]
    constant = {str(event.value) for _where, event in _records() if isinstance(event, ast.Constant)}
    assert sorted(names) == sorted([*constant, *(f"message.{status}" for status in Message.Status.values)])
