"""The process that records the messages: ``python -m tests.chaos.sender COUNT SEED SECONDS``.

It is the site's code that calls ``send_sms`` and ``send_bulk``. Where that raises, messages are not ours yet, and the
same keys are tried again until the call returns.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial

import django

from .workload import Order, orders

_BURSTS = 20
_CHUNK = 30
_AGAIN = 20


def send(count: int, seed: int, seconds: float) -> None:
    """Record all messages of a run, in bursts, so that there are always some waiting in the queue.

    Args:
        count: How many.
        seed: The run's seed.
        seconds: The time over which they are spread.
    """
    started = time.monotonic()
    slowest = 0.0
    todo = orders(count, seed)
    for burst in range(_BURSTS):
        time.sleep(max(0.0, started + burst * seconds / _BURSTS - time.monotonic()))
        mine = todo[burst * count // _BURSTS : (burst + 1) * count // _BURSTS]
        # Every other burst is a bulk, sent in chunks; a caller that does not know whether its first call came
        # through calls again.
        if burst % 2:
            rows = [{"mobile": order.mobile, "content": order.content, "idempotency_key": order.key} for order in mine]
            for _call in range(2 if burst % 4 == 3 else 1):
                _surely(partial(_send_bulk, rows))
        else:
            for number, order in enumerate(mine):
                for _call in range(1 if number % _AGAIN else 2):
                    slowest = max(slowest, _surely(partial(_send_sms, order)))
    print(f"recorded {count} messages; the slowest call took {slowest:.2f} s", flush=True)


def _send_sms(order: Order) -> None:
    from django_ihuyi import send_sms

    send_sms(order.mobile, order.content, idempotency_key=order.key)


def _send_bulk(rows: list[dict[str, str]]) -> None:
    from django_ihuyi import send_bulk

    send_bulk(rows, batch_size=_CHUNK)


def _surely(call: Callable[[], None]) -> float:
    """Call until it returns. Returns the seconds that the last call took."""
    from django.db import DatabaseError, InterfaceError, connection

    while True:
        started = time.monotonic()
        try:
            call()
        except (DatabaseError, InterfaceError) as error:
            print(f"not recorded yet: {type(error).__name__}", flush=True)
            connection.close()
            time.sleep(0.2)
        else:
            return time.monotonic() - started


if __name__ == "__main__":
    django.setup()
    send(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
