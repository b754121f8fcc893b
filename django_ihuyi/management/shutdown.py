"""Waiting for the signals that end a command."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class ShutdownSignal:
    """Whether SIGINT or SIGTERM came.

    An ``Event`` that the handler sets would not do: the handler runs in the thread that waits, between any two steps of
    it. It would wait for ever for the event's own lock; and a signal that comes just before the thread goes to sleep
    would wake nobody. A byte in a socket is still there when the thread asks for it.
    """

    def __init__(self, woken: socket.socket) -> None:
        """Prepare.

        Args:
            woken: Where Python writes a byte for each signal.
        """
        self.asked = False
        self._woken = woken

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for a signal.

        Args:
            seconds: How long at the most; None: until one comes.

        Returns:
            Whether one has come, now or before.
        """
        ends_at = None if seconds is None else time.monotonic() + seconds
        while not self.asked:
            left = None if ends_at is None else ends_at - time.monotonic()
            if left is not None and left <= 0:
                break
            self._woken.settimeout(left)
            try:
                self._woken.recv(64)  # of another signal too: then it waits on
            except TimeoutError:
                break
        return self.asked

    def ask(self, *_arguments: object) -> None:
        """Note that a signal came."""
        self.asked = True


@contextmanager
def shutdown_signal() -> Iterator[ShutdownSignal]:
    """Take SIGINT and SIGTERM for a while, in the main thread."""
    woken, waker = socket.socketpair()
    with woken, waker:
        waker.setblocking(False)
        state = ShutdownSignal(woken)
        wakes = signal.set_wakeup_fd(waker.fileno())
        before = {number: signal.signal(number, state.ask) for number in _SIGNALS}
        try:
            yield state
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(wakes)
