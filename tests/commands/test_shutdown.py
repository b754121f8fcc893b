"""The signals that end a command: none is overheard, whatever the command is doing when it comes."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from django_ihuyi.management.shutdown import shutdown_signal


@pytest.fixture(autouse=True)
def _handlers_come_back() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    assert [signal.getsignal(number) for number in numbers] == before
    assert signal.set_wakeup_fd(-1) == -1


def send(number: signal.Signals, *, after: float = 0) -> threading.Thread:
    def kill() -> None:
        time.sleep(after)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_wait(number: signal.Signals) -> None:
    with shutdown_signal() as stop:
        assert not stop.asked
        thread = send(number, after=0.05)
        assert stop.wait()
        thread.join()
        assert (stop.asked, stop.wait(), stop.wait(5)) == (True, True, True)


def test_a_wait_ends_by_itself() -> None:
    with shutdown_signal() as stop:
        assert not stop.wait(0.01)
        assert not stop.wait(0)


def test_another_signal_ends_nothing() -> None:
    heard = []
    before = signal.signal(signal.SIGUSR1, lambda *_: heard.append(1))
    try:
        with shutdown_signal() as stop:
            thread = send(signal.SIGUSR1, after=0.05)
            assert not stop.wait(0.2)
            thread.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert heard == [1]


def test_a_signal_at_any_moment_is_heard() -> None:
    # What an Event misses about once in some thousands: the signal that comes when the thread is about to sleep.
    for turn in range(2000):
        with shutdown_signal() as stop:
            thread = send(signal.SIGTERM, after=turn % 30 * 1e-5)
            assert stop.wait(20)
            thread.join()
