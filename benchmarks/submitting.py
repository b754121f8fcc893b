"""Submits a second: a worker of 2 processes with 16 threads each, against the same number of bare loops."""

from __future__ import annotations

from functools import partial

from . import report
from .environment import staged
from .report import Figure
from .sizes import CHUNK, FEW

THREADS = 16
PROCESSES = 2
MEASURED = [(20, 1, 1)] if FEW else [(20, 5, 3), (100, 2, 1)]
"""The gateway's delay in milliseconds, chunks for each process in a round, and rounds: the fast one leaves the
processors no rest, and varies."""
BROKERS = {"redis": "Redis", "rabbitmq": "RabbitMQ"}


def bare(milliseconds: int, number: int) -> float:
    """Measure the bare loop."""
    with staged() as stage:
        gateway = stage.gateway(milliseconds)
        for index in range(PROCESSES):
            command = ["benchmarks.baseline", gateway.url, str(THREADS), str(number // PROCESSES)]
            stage.start(f"bare-{index}", command, lambda _process: True)
        return gateway.rate_after(number)


def ours(broker: str, milliseconds: int, number: int, processes: int = PROCESSES) -> float:
    """Measure a worker that finds a bulk in its queue."""
    with staged(broker) as stage:
        gateway = stage.gateway(milliseconds)
        stage.run("benchmarks.enqueue", str(number))
        stage.worker(processes)
        rate = gateway.rate_after(number)
        left = stage.run("benchmarks.wait_settled", str(number))
        if left != {"accepted": number}:
            raise AssertionError(f"not all are accepted: {left}")
    return rate


def main() -> list[Figure]:
    """Measure both brokers against the bare loop."""
    figures = []
    for milliseconds, chunks, rounds in MEASURED:
        number = chunks * PROCESSES * CHUNK
        measured = {broker: partial(ours, broker, milliseconds, number) for broker in BROKERS}
        rates = report.in_turns(rounds, {"bare": partial(bare, milliseconds, number), **measured})
        for broker, name in BROKERS.items():
            what = f"Submits, {PROCESSES} processes of {THREADS} threads, gateway of {milliseconds} ms, {name}"
            figures.append(report.figure(what, rates[broker], "Session.post", rates["bare"], least=0.95))
    return figures
