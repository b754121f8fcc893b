"""Submits a second: a worker of 2 processes with 16 threads each, against the same number of bare loops."""

from __future__ import annotations

from functools import partial

from . import report
from .stage import staged

THREADS = 16
PROCESSES = 2
MEASURED = ((20, 10_000, 3), (100, 3_000, 1))
"""The gateway's delay in milliseconds, messages of a round, and rounds: the fast one leaves the processors no rest, and
varies."""


def bare(milliseconds: int, number: int) -> float:
    """Measure the bare loop."""
    with staged() as stage:
        gateway = stage.gateway(milliseconds)
        for index in range(PROCESSES):
            command = ["benchmarks.bare", gateway.url, str(THREADS), str(number // PROCESSES)]
            stage.start(f"bare-{index}", command, lambda _process: True)
        return gateway.rate_after(number)


def ours(broker: str, milliseconds: int, number: int, processes: int = PROCESSES) -> float:
    """Measure a worker that finds a bulk in its queue."""
    with staged(broker) as stage:
        gateway = stage.gateway(milliseconds)
        stage.run("benchmarks.filling", str(number))
        stage.worker(processes)
        rate = gateway.rate_after(number)
        left = stage.run("benchmarks.settled", str(number))
        if left != {"accepted": number}:
            raise AssertionError(f"not all are accepted: {left}")
    return rate


def main() -> None:
    """Measure both brokers against the bare loop."""
    brokers = ("redis", "rabbitmq")
    for milliseconds, number, rounds in MEASURED:
        measured = {broker: partial(ours, broker, milliseconds, number) for broker in brokers}
        rates = report.in_turns(rounds, {"bare": partial(bare, milliseconds, number), **measured})
        for broker in brokers:
            what = f"Submits, {PROCESSES} x {THREADS}, {milliseconds} ms, {broker}"
            report.ratio(what, rates[broker], "bare Session.post", rates["bare"], target=0.95)
