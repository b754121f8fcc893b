"""Webhooks: what Submits cost where an endpoint hears of each, and how many events a worker posts a second.

The events wait in a queue of their own while messages are submitted, as docs/webhooks.md advises for campaigns.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from . import report
from .environment import Stage, staged
from .report import Figure
from .sizes import CHUNK, size
from .submitting import PROCESSES, THREADS

QUEUE = "bench-webhooks"
MILLISECONDS = 20
NUMBER = size(2, 1) * PROCESSES * CHUNK
ROUNDS = size(3, 1)


def submit(stage: Stage) -> float:
    """Submit a bulk, and check that all are accepted. Returns the rate."""
    gateway = stage.gateway(MILLISECONDS)
    stage.run("benchmarks.enqueue", str(NUMBER))
    worker = stage.worker(PROCESSES)
    rate = gateway.rate_after(NUMBER)
    left = stage.run("benchmarks.wait_settled", str(NUMBER))
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
        stage.run("benchmarks.webhook_endpoint", receiver.url)
        rate = submit(stage)
        stage.worker(THREADS, f"--queues={QUEUE}", "--pool=threads", name="webhooks")
        posts.append(receiver.rate_after(NUMBER))
        return rate


def main() -> list[Figure]:
    """Measure in turns."""
    posts: list[float] = []
    measured: dict[str, Callable[[], float]] = {"unheard": unheard, "heard": partial(heard, posts)}
    rates = report.in_turns(ROUNDS, measured)
    what = f"Submits with a webhook event for each, gateway of {MILLISECONDS} ms, Redis"
    cost = report.figure(what, rates["heard"], "without an endpoint", rates["unheard"], least=0.5)
    what = f"Webhook events posted, 1 process of {THREADS} threads, receiver of {MILLISECONDS} ms"
    return [cost, report.figure(what, posts)]


if __name__ == "__main__":
    main()
