"""The process that records the messages: ``python -m tests.chaos.sender COUNT SEED SECONDS``.

It is the site's code that calls ``send_sms``. Where that raises, the message is not ours yet, and the same key is
tried again until the call returns.
"""

from __future__ import annotations

import sys
import time

import django

_BURSTS = 20
_AGAIN = 20


def send(count: int, seed: int, seconds: float) -> None:
    """Record all messages of a run, in bursts, so that there are always some waiting in the queue.

    Args:
        count: How many.
        seed: The run's seed.
        seconds: The time over which they are spread.
    """
    from .plan import orders

    started = time.monotonic()
    slowest = 0.0
    for number, order in enumerate(orders(count, seed)):
        burst = number * _BURSTS // count
        time.sleep(max(0.0, started + burst * seconds / _BURSTS - time.monotonic()))
        # A caller that does not know whether its first call came through calls again.
        for _call in range(1 if number % _AGAIN else 2):
            slowest = max(slowest, _send_surely(order.mobile, order.content, order.key))
    print(f"recorded {count} messages; the slowest call took {slowest:.2f} s", flush=True)


def _send_surely(mobile: str, content: str, key: str) -> float:
    """Call ``send_sms`` until it returns. Returns the seconds that the last call took."""
    from django.db import DatabaseError, InterfaceError, connection

    from django_ihuyi import send_sms

    while True:
        started = time.monotonic()
        try:
            send_sms(mobile, content, idempotency_key=key)
        except (DatabaseError, InterfaceError) as error:
            print(f"not recorded yet: {type(error).__name__}", flush=True)
            connection.close()
            time.sleep(0.2)
        else:
            return time.monotonic() - started


if __name__ == "__main__":
    django.setup()
    send(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
