"""Submits a second: a worker of 2 processes with 16 threads each, against the same number of bare loops."""

from __future__ import annotations

from . import report
from .stage import Stage, staged

THREADS = 16
NUMBERS = {20: 16_000, 100: 4_000}
"""Messages for each delay of the gateway, in milliseconds."""


def bare(stage: Stage, milliseconds: int, processes: int = 2) -> float:
    """Measure the bare loop."""
    gateway = stage.gateway(milliseconds)
    number = NUMBERS[milliseconds] // processes
    for index in range(processes):
        command = ["benchmarks.bare", gateway.url, str(THREADS), str(number)]
        stage.start(f"bare-{milliseconds}-{index}", command, lambda _process: True)
    rate = gateway.rate_after(number * processes)
    stage.stop()
    return rate


def ours(stage: Stage, milliseconds: int, processes: int = 2) -> float:
    """Measure a worker that finds a bulk in its queue."""
    gateway = stage.gateway(milliseconds)
    stage.run("benchmarks.filling", str(NUMBERS[milliseconds]))
    stage.worker(processes)
    rate = gateway.rate_after(NUMBERS[milliseconds])
    left = stage.run("benchmarks.settled", str(NUMBERS[milliseconds]))
    if left != {"accepted": NUMBERS[milliseconds]}:
        raise AssertionError(f"not all are accepted: {left}")
    stage.stop()
    return rate


def main() -> None:
    """Measure both brokers against one bare loop a delay."""
    for milliseconds in NUMBERS:
        with staged() as stage:
            loop = bare(stage, milliseconds)
        for broker in ("redis", "rabbitmq"):
            with staged(broker) as stage:
                rate = ours(stage, milliseconds)
            what = f"Submits, 2 x {THREADS}, gateway of {milliseconds} ms, {broker}"
            report.ratio(what, rate, "bare Session.post", loop, target=0.95)
