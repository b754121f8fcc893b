"""What the code says now is what is written down beside this file: ``python -m tests.golden`` writes it anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .interface import FILES

pytestmark = pytest.mark.django_db

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("name", FILES)
def test_interface__as_it_was_written_down__is_unchanged(name: str) -> None:
    lines = FILES[name]()
    assert lines
    if os.environ.get("IHUYI_WRITE_GOLDEN"):
        (FOLDER / name).write_text("\n".join(lines) + "\n", "utf-8")
    assert lines == (FOLDER / name).read_text("utf-8").splitlines()


def test_files__that_nothing_is_written_into__are_none() -> None:
    assert {path.name for path in FOLDER.iterdir() if path.suffix in {".txt", ".json"}} == set(FILES)
