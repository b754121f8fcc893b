"""The same bulk on one, two and four worker processes, on both brokers, with a slow gateway and a fast one."""

from __future__ import annotations

from itertools import product

from . import report
from .submitting import ours

LATENCIES = {100: 1_000, 20: 3_000}
"""Milliseconds, and how many messages are for each process: whole chunks. With the fast one four processes want more
than two cores."""


def main() -> None:
    """Measure, and print each beside one process of the same broker and gateway."""
    for broker, milliseconds in product(("redis", "rabbitmq"), LATENCIES):
        rates = {}
        for processes in (1, 2, 4):
            rates[processes] = ours(broker, milliseconds, LATENCIES[milliseconds] * processes, processes)
            report.line(
                f"{processes} processes of 16 threads, gateway of {milliseconds} ms, {broker}: "
                f"{rates[processes]:,.0f}/s, {rates[processes] / rates[1]:.2f} times one process"
            )
