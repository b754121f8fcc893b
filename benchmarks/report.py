"""What a measurement prints: a line a figure, its ratio to the bare loop of the same run, and the target."""

from __future__ import annotations

import sys


def ratio(what: str, ours: float, other: str, bare: float, *, target: float | None = None, unit: str = "/s") -> None:
    """Print a rate beside the one that it is measured by.

    Args:
        what: What is measured.
        ours: Its figure.
        other: What it is measured by.
        bare: That one's figure.
        target: The least ratio that is wanted.
        unit: Of both figures.
    """
    found = ours / bare
    wanted = "" if target is None else f"  (wanted: {target:.2f}{'' if found >= target else ', missed'})"
    line(f"{what:52} {ours:9,.0f}{unit}  {other:24} {bare:9,.0f}{unit}  ratio {found:5.2f}{wanted}")


def line(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
