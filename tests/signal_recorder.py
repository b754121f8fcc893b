"""What signals said during a test. A pytest plugin, loaded by the project's pytest options: the fixture ``heard``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.dispatch import Signal


class SignalRecorder:
    """Remembers the arguments of every signal listened to."""

    def __init__(self) -> None:
        self._events: dict[Signal, list[dict[str, Any]]] = {}

    def listen(self, *signals: Signal) -> None:
        for signal in signals:
            self._events[signal] = []
            signal.connect(self._hear, dispatch_uid="tests.signal_recorder", weak=False)

    def __getitem__(self, signal: Signal) -> list[dict[str, Any]]:
        return self._events[signal]

    def _hear(self, *, signal: Signal, **arguments: Any) -> None:
        self._events[signal].append(arguments)

    def stop(self) -> None:
        for signal in self._events:
            signal.disconnect(dispatch_uid="tests.signal_recorder")


@pytest.fixture
def heard() -> Iterator[SignalRecorder]:
    """An ear for signals."""
    heard = SignalRecorder()
    yield heard
    heard.stop()
