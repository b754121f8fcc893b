"""Figures: what is printed of them, what the documents get, and what is missed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import report, sizes, submitting, webhooks
from benchmarks.report import Figure

RATIO = Figure("Submits", [90, 110, 60], other="loop", bare=[100, 100, 100], least=0.95, part="submitting")


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (RATIO, "Submits: 90/s, loop: 100/s, ratio 0.90 (0.60 to 1.10), wanted: 0.95, missed"),
        (Figure("A", [9], "/s", "loop", [9], least=0.95), "A: 9/s, loop: 9/s, ratio 1.00, wanted: 0.95"),
        (
            Figure("p95", [50], "ms", "alone", [20], most=2),
            "p95: 50.0 ms, alone: 20.0 ms, ratio 2.50, wanted: at most 2.00, missed",
        ),
        (Figure("Memory", [1, 3], "MiB", most=32), "Memory: 2.0 MiB (1.00 to 3.00), wanted: at most 32.00"),
        (Figure("Tasks", [1234.5]), "Tasks: 1,234/s"),
    ],
    ids=["missed", "reached", "at most", "nothing to compare with", "no target"],
)  # fmt: skip
def test_figure__is_printed_with_ratio_spread_and_target(figure: Figure, text: str) -> None:
    assert str(figure) == text


def test_figures__of_several_runs__are_one_with_all_turns(tmp_path: Path) -> None:
    other = Figure("Submits", [1], part="floor")
    again = Figure("Submits", [80], other="loop", bare=[200], least=0.95, part="submitting")
    assert report.merged([RATIO, other, again]) == [
        Figure("Submits", [90, 110, 60, 80], other="loop", bare=[100, 100, 100, 200], least=0.95, part="submitting"),
        Figure("Submits", [1], bare=[], part="floor"),
    ]

    report.write(tmp_path / "figures.json", {"runs": 2}, report.merged([RATIO, again]))

    written: dict[str, Any] = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    [figure] = written.pop("figures")
    assert written == {"runs": 2}
    assert figure == {
        "part": "submitting",
        "what": "Submits",
        "unit": "/s",
        "ours": 85,
        "other": "loop",
        "bare": 100,
        "ratio": 0.75,
        "spread": [0.4, 1.1],
        "turns": 4,
        "least": 0.95,
        "most": None,
    }


def test_bulks__that_are_measured_on_processes__have_whole_chunks_for_each() -> None:
    assert sizes.CHUNK == 1_000
    assert webhooks.NUMBER % (submitting.PROCESSES * sizes.CHUNK) == 0
