"""The script that makes the pictures works, and makes those that the documents show."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import screenshots

pytestmark = [pytest.mark.e2e, pytest.mark.service("chromium")]


def test_it_makes_the_pictures_that_there_are(tmp_path: Path) -> None:
    made = screenshots.take(tmp_path, languages=["zh-hans"])
    assert {path.name for path in made} == {path.name for path in screenshots.IMAGES.glob("*-zh-hans.png")}
    for path in made:
        assert path.read_bytes().startswith(b"\x89PNG")
        assert 10_000 < path.stat().st_size < 300_000
