"""Each statement about the gateway says where it is from."""

from __future__ import annotations

import re

import pytest

from .markdown_reader import read


@pytest.mark.parametrize("name", ["docs/protocol.md", "docs/zh-hans/protocol.md"])
def test_every_statement_has_its_sources(name: str) -> None:
    intro, *parts = re.split(r"^## .*\n", read(name), flags=re.MULTILINE)
    sources = re.findall(r"^- \[(\w)\] ", intro, re.MULTILINE)
    assert sources == ["S", "V", "D", "W", "P"]
    statements = re.findall(r"^- .*(?:\n  .*)*", "".join(parts), re.MULTILINE)
    assert [text for text in statements if not re.search(r"(?: \[[SVDWP]\])+$", text)] == []
    assert set(re.findall(r"\[(\w)\]", "".join(parts))) == set(sources)
