"""``make bench``: every figure, each in a run of its own. ``python -m benchmarks submitting`` measures one part."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tests import services

from . import floor, priority, pushing, recording, report, scaling, submitting, webhooks
from .machine import about
from .report import Figure
from .sizes import FEW

PARTS: dict[str, Callable[[], list[Figure]]] = {
    "recording": recording.compare,
    "submitting": submitting.main,
    "scaling": scaling.main,
    "pushing": pushing.main,
    "hooks": webhooks.main,
    "priority": priority.main,
    "floor": floor.main,
}
NEEDED = ("postgresql", "redis", "rabbitmq")
FIGURES = Path(__file__).parents[1] / "docs" / "figures.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure. Returns the exit status: 0, or 3 where a server is missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to measure (default: all)")
    parser.add_argument("--runs", type=int, default=1, help="how often (default: %(default)s)")
    parser.add_argument(
        "--write",
        type=Path,
        nargs="?",
        const=FIGURES,
        help="write the figures of all runs for the documents (default: docs/figures.json); then: make reference",
    )
    options = parser.parse_args(arguments)
    services.need(*NEEDED)
    told = about()
    report.line(", ".join(f"{name}: {value}" for name, value in told.items()))
    if FEW:
        report.line("BENCH_FEW is set: this shows that the measurements run; the figures mean nothing")
    figures: list[Figure] = []
    for run in range(options.runs):
        for name in options.parts or PARTS:
            report.line(f"\n{name}" if options.runs == 1 else f"\n{name}, run {run + 1} of {options.runs}")
            figures += [replace(figure, part=name) for figure in PARTS[name]()]
    if options.runs > 1:
        report.line("\nall runs")
        for figure in report.merged(figures):
            report.line(str(figure))
    if options.write:
        report.write(options.write, {**told, "runs": options.runs}, report.merged(figures))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
