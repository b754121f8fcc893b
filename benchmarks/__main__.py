"""``make bench``: every ratio, each in a run of its own. ``python -m benchmarks submitting`` measures one of them."""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable

import celery
import django

from tests import services

from . import admin_pages, floor, hooks, priority, pushing, recording, report, scaling, submitting

PARTS: dict[str, Callable[[], None]] = {
    "recording": recording.compare,
    "submitting": submitting.main,
    "scaling": scaling.main,
    "pushing": pushing.main,
    "hooks": hooks.main,
    "priority": priority.main,
    "floor": floor.main,
}
# Takes ten minutes by itself: only where it is asked for.
APART: dict[str, Callable[[], object]] = {"admin_pages": lambda: admin_pages.main([])}
NEEDED = ("postgresql", "redis", "rabbitmq")


def main() -> int:
    """Measure. Returns the exit status: 0, or 3 where a server is missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    told = f"what to measure (default: all but {', '.join(APART)})"
    parser.add_argument("parts", nargs="*", choices=[*PARTS, *APART, []], help=told)
    wanted = parser.parse_args().parts or list(PARTS)
    for name in NEEDED:
        if (reason := services.reachable(name)) is not None:
            report.line(f"not available: {name}: {reason}")
            return 3
    versions = f"Python {platform.python_version()}, Django {django.__version__}, Celery {celery.__version__}"
    report.line(f"{time.strftime('%Y-%m-%d %H:%M')}, {versions}, {platform.machine()}")
    for name in wanted:
        report.line(f"\n{name}")
        (PARTS | APART)[name]()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
