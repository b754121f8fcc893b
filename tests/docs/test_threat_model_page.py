"""Every claim of the threat model names a test, and every test that it names is there."""

from __future__ import annotations

import ast
import re

import pytest

from .markdown_reader import ROOT, read, tables

PAGE = "docs/threat-model.md"
CLAIMS = [tuple(row) for table in tables(PAGE) if table[0] == ["claim", "held by"] for row in table[1:]]


def functions_in(name: str) -> set[str]:
    """The names of the test functions in a file, by its path from the project's root."""
    return {node.name for node in ast.walk(ast.parse(read(name))) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("claim", "held_by"), CLAIMS, ids=lambda text: text[:40] if "::" not in text else "")
def test_a_claim_is_held_by_tests_that_are_there(claim: str, held_by: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", held_by)
    assert named, claim
    assert held_by.count("`") == 2 * len(named)
    assert [f"{path}::{name}" for path, name in named if name not in functions_in(path)] == []


def test_every_test_of_the_threats_is_named() -> None:
    named = set(re.findall(r"`(tests/threats/\w+\.py)::(test_\w+)`", read(PAGE)))
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests/threats").glob("test_*.py")]
    there = {(name, test) for name in files for test in functions_in(name) if test.startswith("test_")}
    assert named == there
