"""``python -m tests.chaos``: kill real processes while messages go out, and print what is left of them.

Exit status 0: every zero is one; 1: some is not; 3: a server that is asked for cannot be had on this machine.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from .options import Options
from .processes import Place
from .report import table, wrong
from .run import Run
from .servers import BROKERS, DATABASES, NotAvailableError


def main() -> int:
    """Run once. Returns the exit status."""
    options = _read_options()
    _say(f"seed {options.seed}, {options.database} and {options.broker}, {options.seconds:.0f} s of sending")
    # A run that is stopped ends its processes, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    root = Path(tempfile.mkdtemp(prefix="ihuyi-chaos-"))
    place = Place(root)
    good = False
    try:
        outcome = Run(options, place, _say).run()
        good = not outcome.unsettled and not any(wrong(outcome).values())
        for line in table(options, outcome):
            _say(line)
    except NotAvailableError as error:
        _say(f"not available: {error}")
        good = True
        return 3
    finally:
        place.end()
        if good:
            shutil.rmtree(root, ignore_errors=True)
        else:
            _say(f"logs and data are in {root}")
    return 0 if good else 1


def _read_options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Kill things while messages go out.")
    add = parser.add_argument
    add("--messages", type=int, default=Options.messages, help="how many to send (default: %(default)s)")
    add("--kills", type=int, default=Options.kills, help="how many processes to kill (default: %(default)s)")
    add("--seed", type=int, default=random.randrange(10**6), help="decides texts, numbers, victims, moments")
    add("--database", choices=DATABASES, default=Options.database)
    add("--broker", choices=BROKERS, default=Options.broker)
    add("--workers", type=int, default=Options.workers, help="workers of 4 each (default: %(default)s)")
    add("--timeout", type=float, default=Options.timeout, help="seconds to settle at most (default: %(default)s)")
    add("--hurry", action="store_true", help="shorter waits for lost tasks and claims, for a short run")
    return Options(**vars(parser.parse_args()))


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
