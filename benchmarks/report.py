"""What a measurement prints and returns: its figures, each with the bare loop of the same run and the target."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """Something that was measured, turn by turn.

    Attributes:
        what: What it is, in words.
        ours: Its values.
        unit: What they are counted in: ``/s``, ``ms``, ``µs`` or ``MiB``.
        other: What it is compared with; empty: with nothing.
        bare: The values of that, of the same turns.
        least: The least ratio (or value, where there is no other) that is wanted; None: no matter.
        most: The greatest one.
        part: The part of ``python -m benchmarks`` that measures it.
    """

    what: str
    ours: Sequence[float]
    unit: str = "/s"
    other: str = ""
    bare: Sequence[float] = ()
    least: float | None = None
    most: float | None = None
    part: str = ""

    @property
    def ratios(self) -> list[float]:
        """The ratio of each turn."""
        return [own / loop for own, loop in zip(self.ours, self.bare, strict=True)] if self.other else []

    @property
    def judged(self) -> list[float]:
        """What the target is for, turn by turn: ratios, or values where there is nothing to compare with."""
        return self.ratios or list(self.ours)

    @property
    def is_missed(self) -> bool:
        """Whether the median is beyond what is wanted."""
        middle = statistics.median(self.judged)
        return (self.least is not None and middle < self.least) or (self.most is not None and middle > self.most)

    def summary(self) -> dict[str, object]:
        """Return what the documents say of it: medians over the turns, and the spread."""
        return {
            "part": self.part,
            "what": self.what,
            "unit": self.unit,
            "ours": statistics.median(self.ours),
            "other": self.other,
            "bare": statistics.median(self.bare) if self.other else None,
            "ratio": statistics.median(self.ratios) if self.other else None,
            "spread": [min(self.judged), max(self.judged)],
            "turns": len(self.ours),
            "least": self.least,
            "most": self.most,
        }

    def __str__(self) -> str:
        text = f"{self.what}: {self._value(self.ours)}"
        if self.other:
            text += f", {self.other}: {self._value(self.bare)}, ratio {statistics.median(self.ratios):.2f}"
        if len(self.judged) > 1:
            text += f" ({min(self.judged):,.2f} to {max(self.judged):,.2f})"
        if self.least is not None:
            text += f", wanted: {self.least:.2f}"
        if self.most is not None:
            text += f", wanted: at most {self.most:.2f}"
        return f"{text}, missed" if self.is_missed else text

    def _value(self, values: Sequence[float]) -> str:
        middle = statistics.median(values)
        return f"{middle:,.0f}{self.unit}" if self.unit == "/s" else f"{middle:,.1f} {self.unit}"


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


def figure(
    what: str,
    ours: Sequence[float],
    other: str = "",
    bare: Sequence[float] = (),
    *,
    unit: str = "/s",
    least: float | None = None,
    most: float | None = None,
) -> Figure:
    """Print a figure and return it. The arguments are those of :class:`Figure`."""
    found = Figure(what, ours, unit, other, bare, least, most)
    line(str(found))
    return found


def merged(figures: Iterable[Figure]) -> list[Figure]:
    """Return each figure once, with the turns of all runs."""
    found: dict[tuple[str, str, str], Figure] = {}
    for one in figures:
        key = (one.part, one.what, one.other)
        before = found.get(key)
        ours, bare = (before.ours, before.bare) if before else ((), ())
        found[key] = replace(one, ours=[*ours, *one.ours], bare=[*bare, *one.bare])
    return list(found.values())


def write(file: Path, about: Mapping[str, object], figures: Iterable[Figure]) -> None:
    """Write what the documents quote.

    Args:
        file: The JSON file.
        about: When, where and with what it was measured.
        figures: The figures.
    """
    value = {**about, "figures": [one.summary() for one in figures]}
    file.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def line(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
