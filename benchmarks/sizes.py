"""How much is measured: the usual sizes, or few where ``BENCH_FEW`` is set in the environment.

With few, each measurement takes seconds: a test runs them all, to see that they still can. Their figures mean nothing.
"""

from __future__ import annotations

import os

FEW = bool(os.environ.get("BENCH_FEW"))
"""Whether this process, and those that it starts, measure few."""


def size(usual: int, few: int) -> int:
    """Return the usual size, or few."""
    return few if FEW else usual


CHUNK = size(1_000, 20)
"""Messages of a chunk. A bulk has the same number of whole chunks for each process: with three for two processes, one
of the processes would be idle for a third of the time."""
