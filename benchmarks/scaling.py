"""The same bulk on one, two and four worker processes, on both brokers, with a slow gateway and a fast one."""

from __future__ import annotations

from itertools import product

from . import report
from .report import Figure
from .sizes import CHUNK, FEW
from .submitting import BROKERS, THREADS, ours

PROCESSES = (1, 2) if FEW else (1, 2, 4)
LATENCIES = {20: 1} if FEW else {100: 1, 20: 3}
"""Milliseconds, and how many chunks are for each process. With the fast one four processes want more than two cores."""


def main() -> list[Figure]:
    """Measure, and print each beside one process of the same broker and gateway."""
    figures = []
    for broker, milliseconds in product(BROKERS, LATENCIES):
        one = 0.0
        for processes in PROCESSES:
            rate = ours(broker, milliseconds, LATENCIES[milliseconds] * CHUNK * processes, processes)
            one = one or rate
            what = (
                f"Submits, gateway of {milliseconds} ms, {BROKERS[broker]}, processes of {THREADS} threads: {processes}"
            )
            figures.append(report.figure(what, [rate], "1 process", [one]))
    return figures
