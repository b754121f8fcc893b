"""Celery's own floor: what an empty task and a call of ``delay`` cost here."""

from __future__ import annotations

import json
import os
import sys
import time

from . import report
from .environment import PATIENCE, Stage, enter, staged
from .report import Figure
from .sizes import size

NUMBER = size(3_000, 30)
BROKERS = {"redis": "Redis", "rabbitmq": "RabbitMQ"}


def publish() -> None:
    """Publish empty tasks, print what one ``delay`` took, and wait until the worker has the queue empty."""
    from .celery import app, nothing

    began = time.perf_counter()
    for number in range(NUMBER):
        nothing.delay(number)
    sys.stdout.write(json.dumps({"delay": (time.perf_counter() - began) / NUMBER}) + "\n")
    app.close()


def measure(broker: str) -> list[Figure]:
    """Print both figures for a broker."""
    with staged(broker) as stage:
        delay = stage.run("benchmarks.floor")["delay"]
        rate = consume(stage)
    return [
        report.figure(f"Empty Celery tasks, 2 processes, {BROKERS[broker]}", [rate]),
        report.figure(f"A call of delay(), {BROKERS[broker]}", [delay * 1e6], unit="µs"),
    ]


def consume(stage: Stage) -> float:
    """Start a worker on the full queue. Returns how many empty tasks it does a second."""
    worker = stage.worker(2)

    def moments() -> list[float]:
        lines = worker.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [_seconds(line) for line in lines if " succeeded in " in line]

    give_up_at = time.monotonic() + PATIENCE
    while len(found := moments()) < NUMBER and time.monotonic() < give_up_at:
        time.sleep(0.5)
    tenth = NUMBER // 10
    return (NUMBER - 2 * tenth) / (found[-tenth] - found[tenth])


def _seconds(line: str) -> float:
    """The moment of a line of Celery's log: ``[2026-11-24 12:00:00,123: ...``."""
    clock = line[1:24].partition(" ")[2]
    hours, minutes, seconds = clock.replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def main() -> list[Figure]:
    """Measure both brokers."""
    return [figure for broker in BROKERS for figure in measure(broker)]


if __name__ == "__main__":
    enter(os.environ)
    publish()
