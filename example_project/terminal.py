"""Ctrl-C for the demo alone, also where ``make`` started it.

The terminal sends Ctrl-C to a whole group of processes. ``make`` would be in it, and would report the demo's orderly
end as "Interrupt". So the demo takes the terminal for a group of its own and gives it back, as shells do.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def of_our_own() -> Iterator[None]:
    """Hold the terminal while the block runs; without a terminal, or as its group's leader, there is nothing to do."""
    group = os.getpgrp()
    if not sys.stdin or not sys.stdin.isatty() or group == os.getpid() or os.tcgetpgrp(sys.stdin.fileno()) != group:
        yield
        return
    # Stopped by Ctrl-Z, the demo could not be continued: the shell's job is make, which knows nothing of it.
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGTTOU, signal.SIGTSTP)}
    os.setpgid(0, 0)
    os.tcsetpgrp(sys.stdin.fileno(), os.getpgrp())
    try:
        yield
    finally:
        os.tcsetpgrp(sys.stdin.fileno(), group)
        os.setpgid(0, group)
        for number, handler in before.items():
            signal.signal(number, handler)
