"""The same bulk on one, two and four worker processes, on both brokers."""

from __future__ import annotations

from . import report
from .stage import staged
from .submitting import ours

MILLISECONDS = 100


def main() -> None:
    """Measure, and print each beside one process of the same broker."""
    for broker in ("redis", "rabbitmq"):
        rates = {}
        for processes in (1, 2, 4):
            with staged(broker) as stage:
                rates[processes] = ours(stage, MILLISECONDS, processes)
            report.line(
                f"{processes} processes of 16 threads, gateway of {MILLISECONDS} ms, {broker}: "
                f"{rates[processes]:,.0f}/s, {rates[processes] / rates[1]:.2f} times one process"
            )
