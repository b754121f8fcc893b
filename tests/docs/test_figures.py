"""The page on performance quotes what the benchmarks wrote, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from docs.builder import figures

from .markdown_reader import read

PAGES = {"en": "docs/performance.md", "zh-hans": "docs/zh-hans/performance.md"}


def cells(text: str) -> list[list[str]]:
    """Return the cells of the table of figures."""
    table = text.partition("<!-- figures -->")[2].partition("<!-- end of figures -->")[0]
    return [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| `")][1:]


def test_figures__are_the_same_in_both_languages() -> None:
    english, chinese = (
        [re.findall(r"\d[\d.,]*\d|\d", " ".join(row)) for row in cells(read(page))] for page in PAGES.values()
    )
    assert [sorted(row) for row in english] == [sorted(row) for row in chinese]
    assert len(english) == len(json.loads(figures.FILE.read_text("utf-8"))["figures"])


@pytest.mark.parametrize(
    ("figure", "row"),
    [
        (
            {"ratio": 0.951, "spread": [0.9, 1.004], "turns": 3, "least": 0.95},
            "| `floor` | alone | 1,234/s | alone 1,300/s | 0.95 | 0.90–1.00 | 3 | 0.95 |",
        ),
        (
            {"ratio": 1.5, "spread": [1.5, 1.5], "most": 2.0},
            "| `floor` | alone | 1,234/s | alone 1,300/s | 1.50 |  | 1 | at most 2.00 |",
        ),
        (
            {"other": "", "bare": None, "unit": "MiB", "ours": 0.6, "spread": [0.5, 0.7], "turns": 2, "most": 32},
            "| `floor` | alone | 0.6 MiB |  |  | 0.5 MiB–0.7 MiB | 2 | at most 32.0 MiB |",
        ),
    ],
    ids=["ratio", "at most", "value"],
)  # fmt: skip
def test_page__gets_a_row_for_each_figure(tmp_path: Path, figure: dict[str, Any], row: str) -> None:
    usual = {
        "part": "floor", "what": "alone", "unit": "/s", "ours": 1234, "other": "alone", "bare": 1300, "ratio": None,
        "spread": [1, 1], "turns": 1, "least": None, "most": None,
    }  # fmt: skip
    value = {"date": "2026-11-29", "machine": "2 x AMD", "runs": 3, "software": {"Python": "3.11.7"}}
    file = tmp_path / "figures.json"
    file.write_text(json.dumps({**value, "figures": [usual | figure]}), "utf-8")

    made = figures.page("a\n<!-- figures -->\nold\n<!-- end of figures -->\nb", "en", file)

    assert made.startswith(
        "a\n<!-- figures -->\n"
        "Date: 2026-11-29. Machine: 2 x AMD. Runs one after the other: 3. Software: Python 3.11.7.\n\n"
    )
    assert made.endswith(f"\n{row}\n<!-- end of figures -->\nb")


def test_page__without_a_place_for_figures__raises() -> None:
    with pytest.raises(LookupError, match="no place"):
        figures.page("# Performance\n", "en")


def test_figure__without_a_chinese_name__raises() -> None:
    assert figures.words("Something new", "en") == "Something new"
    with pytest.raises(LookupError, match="no Chinese for: Something new"):
        figures.words("Something new", "zh-hans")
