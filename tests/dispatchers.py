"""Dispatchers for tests. Imported when Django is set up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypedDict, Unpack

from django_ihuyi.dispatch import Dispatcher, use_dispatcher


class Limits(TypedDict, total=False):
    """The arguments of ``Dispatcher``."""

    broker_timeout: float
    broker_cooldown: float
    chunk_time: timedelta


@contextmanager
def own_dispatcher(**limits: Unpack[Limits]) -> Iterator[Dispatcher]:
    """Have the process use a dispatcher of its own, of whose broker nothing bad is known; end its thread afterwards."""
    dispatcher = Dispatcher(**limits)
    try:
        with use_dispatcher(dispatcher):
            yield dispatcher
    finally:
        # What hung fails by now; it must not be heard of in another test.
        assert dispatcher.close(30)


class AwayDispatcher(Dispatcher):
    """One whose broker takes nothing."""

    def run(self, send: Callable[[], object]) -> bool:
        """Publish nothing."""
        return False
