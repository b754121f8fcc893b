"""What a measurement prints: a line a figure, its ratio to the bare loop of the same run, and the target."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence


def in_turns(rounds: int, measured: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Measure several things one after the other, again and again: a machine that changes its pace does so for all.

    Args:
        rounds: How often each is measured.
        measured: What measures one round of each; it returns a rate.

    Returns:
        The rates of each, round by round.
    """
    rates: dict[str, list[float]] = {name: [] for name in measured}
    for _ in range(rounds):
        for name, measure in measured.items():
            rates[name].append(measure())
    return rates


def ratio(what: str, ours: Sequence[float], other: str, bare: Sequence[float], *, target: float) -> None:
    """Print the median of rates beside that of the rates that they are measured by, and the median of their ratios.

    Args:
        what: What is measured.
        ours: Its rates, round by round.
        other: What it is measured by.
        bare: The rates of that, of the same rounds.
        target: The least ratio that is wanted.
    """
    found = [own / loop for own, loop in zip(ours, bare, strict=True)]
    middle = statistics.median(found)
    spread = f" ({min(found):.2f} to {max(found):.2f})" if len(found) > 1 else ""
    missed = "" if middle >= target else ", missed"
    line(
        f"{what:46} {statistics.median(ours):7,.0f}/s  {other:24} {statistics.median(bare):7,.0f}/s  "
        f"ratio {middle:.2f}{spread}, wanted: {target:.2f}{missed}"
    )


def line(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
