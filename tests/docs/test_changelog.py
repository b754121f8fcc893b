"""The changelog has the shape that it says it has: versions downwards, known sections in their order, none empty."""

from __future__ import annotations

import re

import pytest
from packaging.version import Version

from .markdown_reader import read

TEXT = read("CHANGELOG.md")
SECTIONS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def faults(text: str) -> list[str]:
    """Say what is wrong with a changelog's shape."""
    found = []
    releases = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    heads = [release.splitlines()[0] for release in releases]
    versions = [match for head in heads if (match := re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)", head))]
    if len(versions) + (heads[:1] == ["[Unreleased]"]) != len(heads):
        found.append(f"heads: {heads}")
    dated = [(Version(match[1]), match[2]) for match in versions]
    if dated != sorted(dated, reverse=True) or len({version for version, _date in dated}) < len(dated):
        found.append("versions do not go downwards")
    for head, release in zip(heads, releases, strict=True):
        parts = re.split(r"^### ", release, flags=re.MULTILINE)[1:]
        names = [part.splitlines()[0] for part in parts]
        if names != [name for name in SECTIONS if name in names]:
            found.append(f"{head}: sections {names}")
        for name, part in zip(names, parts, strict=True):
            lines = [line for line in part.splitlines()[1:] if line]
            if not lines or not lines[0].startswith("- ") or any(not line.startswith(("- ", "  ")) for line in lines):
                found.append(f"{head}: {name} is no list")
    return found


def test_its_shape() -> None:
    assert faults(TEXT) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("## Unreleased\n", "heads"),
        ("## [1.0.0] - soon\n", "heads"),
        ("## [1.0.0] - 2027-01-01\n## [Unreleased]\n", "heads"),
        ("## [1.0.0] - 2027-01-01\n## [1.1.0] - 2027-02-01\n", "downwards"),
        ("## [1.0.0] - 2027-01-01\n## [1.0.0] - 2027-01-01\n", "downwards"),
        ("## [Unreleased]\n### New\n- a\n", "sections"),
        ("## [Unreleased]\n### Fixed\n- a\n### Added\n- b\n", "sections"),
        ("## [Unreleased]\n### Added\n", "no list"),
        ("## [Unreleased]\n### Added\nsome words\n", "no list"),
    ],
)
def test_what_is_a_fault(text: str, fault: str) -> None:
    assert fault in " ".join(faults(text))
