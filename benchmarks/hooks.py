"""Webhooks: what Submits cost where an endpoint hears of each, and how many events a worker posts a second.

The events wait in a queue of their own while messages are submitted, as docs/webhooks.md advises for campaigns.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from functools import partial

from . import report
from .stage import Stage, staged
from .submitting import PROCESSES, THREADS

QUEUE = "bench-webhooks"
MILLISECONDS = 20
NUMBER = 3_000
ROUNDS = 3


def submit(stage: Stage) -> float:
    """Submit a bulk, and check that all are accepted. Returns the rate."""
    gateway = stage.gateway(MILLISECONDS)
    stage.run("benchmarks.filling", str(NUMBER))
    worker = stage.worker(PROCESSES)
    rate = gateway.rate_after(NUMBER)
    left = stage.run("benchmarks.settled", str(NUMBER))
    if left != {"accepted": NUMBER}:
        raise AssertionError(f"not all are accepted: {left}")
    stage.stop(worker)
    return rate


def unheard() -> float:
    """Submit where nobody wants to hear of it."""
    with staged() as stage:
        return submit(stage)


def heard(posts: list[float]) -> float:
    """Submit where an endpoint hears of each message; then have the events posted, and note at what rate."""
    with staged() as stage:
        receiver = stage.gateway(MILLISECONDS)
        stage.environment |= {"BENCH_WEBHOOKS": QUEUE, "BENCH_WEBHOOKS_PORT": str(receiver.port)}
        stage.run("benchmarks.hearing", receiver.url)
        rate = submit(stage)
        stage.worker(THREADS, f"--queues={QUEUE}", "--pool=threads", name="webhooks")
        posts.append(receiver.rate_after(NUMBER))
        return rate


def main() -> None:
    """Measure in turns."""
    posts: list[float] = []
    measured: dict[str, Callable[[], float]] = {"unheard": unheard, "heard": partial(heard, posts)}
    rates = report.in_turns(ROUNDS, measured)
    what = f"Submits that an endpoint hears of, {MILLISECONDS} ms"
    report.ratio(what, rates["heard"], "the same unheard", rates["unheard"], target=0.5)
    what = f"events posted by one process of {THREADS} threads, a receiver of {MILLISECONDS} ms"
    report.line(f"{what}: {statistics.median(posts):,.0f}/s ({min(posts):,.0f} to {max(posts):,.0f})")


if __name__ == "__main__":
    main()
