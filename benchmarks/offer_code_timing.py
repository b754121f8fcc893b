"""Whether time tells who is a customer: ``offer_code`` for known numbers and for others, in turns.

``python -m benchmarks.offer_code_timing``: on PostgreSQL and MariaDB, with a broker and limits that are
never reached.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time

from . import report
from .environment import enter, staged
from .sizes import size

CALLS = size(550, 5)
"""Of each kind."""
WARM = size(50, 2)
"""Calls before that, which open connections and fill caches."""
_MANY = 1_000_000
LIMITS = {f"{subject}_PER_{window}": _MANY for subject in ("ADDRESS", "PREFIX", "SITE") for window in ("HOUR", "DAY")}


def measure() -> None:
    """Print how many milliseconds the calls of each kind took, as JSON."""
    from django.conf import settings
    from django.test import override_settings

    with override_settings(IHUYI={**settings.IHUYI, "VERIFICATION": {**LIMITS, "NUMBER_PER_DAY": _MANY}}):
        took = _call()
    json.dump({name: took[known][WARM:] for name, known in (("known", True), ("others", False))}, sys.stdout)


def _call() -> dict[bool, list[float]]:
    """Return how many milliseconds each call took, of known numbers and of others."""
    from django_ihuyi import offer_code

    took: dict[bool, list[float]] = {True: [], False: []}
    for number in range(WARM + CALLS):
        # Who comes first changes, as whatever the second finds warm would be an advantage.
        for known in (True, False) if number % 2 else (False, True):
            began = time.perf_counter()
            offer_code(f"139{number:07}{int(known)}", "password-reset", known=known, ip="127.0.0.1")
            took[known].append(1000 * (time.perf_counter() - began))
    return took


def main() -> None:
    """Measure on both servers."""
    for database in ("postgresql", "mariadb"):
        with staged("redis", database) as stage:
            for name, times in stage.run("benchmarks.offer_code_timing", "here").items():
                middle, slow = statistics.median(times), statistics.quantiles(times, n=10)[-1]
                what = f"offer_code, {database}, {name}, {len(times)} calls:"
                report.line(f"{what:48} half took up to {middle:.1f} ms, one in ten more than {slow:.1f}")


if __name__ == "__main__":
    if sys.argv[1:] == ["here"]:
        enter(os.environ)
        measure()
    else:
        main()
