"""How long a verification code takes from the call to the Submit: alone, and while a campaign fills the other queue.

Codes have a queue and a worker of their own, and the campaign's worker of two processes runs under ``nice``, as
docs/bulk.md advises.
``python -m benchmarks.priority FIRST`` sends codes and prints when each was asked for.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time

from . import report
from .environment import Gateway, Stage, enter, staged, wait_for
from .report import Figure
from .sizes import size

CODES = size(200, 5)
CAMPAIGN = size(100_000, 10_000)


def send(first: int) -> None:
    """Send codes, twenty a second, and print when each was asked for (seconds, monotonic)."""
    from django_ihuyi import send_sms

    asked = {}
    for number in range(first, first + CODES):
        asked[str(number)] = time.monotonic()
        send_sms(f"138{number:08}", f"code{number}", category="verification")
        time.sleep(0.05)
    sys.stdout.write(json.dumps(asked) + "\n")


def p95(stage: Stage, gateway: Gateway, first: int) -> float:
    """Send codes and return the 95th percentile of their way to the gateway, in milliseconds."""
    asked = stage.run("benchmarks.priority", str(first))
    wait_for(lambda: asked.keys() <= gateway.stats()["codes"].keys(), "the codes")
    came = gateway.stats()["codes"]
    took = [(came[number] - moment) * 1000 for number, moment in asked.items()]
    return float(statistics.quantiles(took, n=20)[-1])


def main() -> list[Figure]:
    """Measure on Redis."""
    with staged(BENCH_QUEUE_VERIFICATION="codes", BENCH_QUEUE_MARKETING="campaigns") as stage:
        gateway = stage.gateway(20)
        stage.worker(1, "--queues=codes", name="codes")
        stage.worker(2, "--queues=campaigns", name="campaigns", nice=10)
        p95(stage, gateway, 0)  # imports and connections
        idle = p95(stage, gateway, CODES)
        stage.run("benchmarks.enqueue", str(CAMPAIGN), "marketing")
        busy = p95(stage, gateway, 2 * CODES)
        if gateway.stats()["number"] >= CAMPAIGN:
            raise AssertionError("the campaign was over before the codes")
    what = f"p95 of a code from call to Submit, beside a campaign of {CAMPAIGN:,}, Redis"
    return [report.figure(what, [busy], "alone", [idle], unit="ms", most=2.0)]


if __name__ == "__main__":
    enter(os.environ)
    send(int(sys.argv[1]))
