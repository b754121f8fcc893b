"""Counters in Django's cache for rate limits; concurrent requests get different numbers.

A window begins with the first thing that is counted and lasts a fixed time. Redis, Memcached and local memory count in
one step; the database cache cannot, so that counting takes a lock there. The file-based cache knows neither and may
let a few more through; the dummy cache counts nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from django.core.cache import DEFAULT_CACHE_ALIAS, caches
from django.core.cache.backends.base import BaseCache

_LOCKED_FOR = 10
"""Seconds after which the lock of a process that died is gone."""
LOCK_TIMEOUT = 5.0
"""Seconds that a request waits for the lock before it counts without it."""


class Count(NamedTuple):
    """What came of counting.

    Attributes:
        number: How many there are in the window, this one included.
        seconds_left: Until the window ends.
        seconds: How long the window is in all.
        place: Where the cache has the number.
    """

    number: int
    seconds_left: float
    seconds: int
    place: str


def count(key: str, *, seconds: int) -> Count:
    """Count one more.

    Args:
        key: What is counted.
        seconds: How long the window is that begins if there is none.
    """
    cache, now = caches[DEFAULT_CACHE_ALIAS], time.time()
    begun: float = cache.get(key, 0.0)
    if not begun:
        # Of several that begin a window at the same moment, one does.
        cache.add(key, now, seconds)
        begun = cache.get(key, now)
    place = f"{key}.{begun}"
    # A clock that is ahead must not make the window longer.
    seconds_left = min(max(begun + seconds - now, 0), seconds)
    return Count(_change(cache, place, 1, seconds), seconds_left, seconds, place)


def uncount(counted: Count) -> None:
    """Count one less in the window in which something was counted."""
    _change(caches[DEFAULT_CACHE_ALIAS], counted.place, -1, counted.seconds)


def current(counted: Count) -> int:
    """Return how many the window has now, without waiting for those who are counting."""
    return int(caches[DEFAULT_CACHE_ALIAS].get(counted.place, 0))


def settle(counted: Count) -> None:
    """Note that something stays counted: :func:`uncount` is not called for it any more."""
    _change(caches[DEFAULT_CACHE_ALIAS], f"{counted.place}.settled", 1, counted.seconds)


def settled(counted: Count) -> int:
    """Return how many of the window stay counted. The others may yet be taken back."""
    return int(caches[DEFAULT_CACHE_ALIAS].get(f"{counted.place}.settled", 0))


def _change(cache: BaseCache, place: str, by: int, seconds: int) -> int:
    if type(cache).incr is BaseCache.incr:  # which reads, adds and writes back
        with _locked(cache, f"{place}.lock"):
            number = int(cache.get(place, 0)) + by
            cache.set(place, number, seconds)
            return number
    for _try in range(2):
        try:
            return cache.incr(place, by) if by > 0 else cache.decr(place, -by)
        except ValueError:
            # Nothing is there yet. Longer than the window, so that it does not end before its beginning is forgotten.
            cache.add(place, 0, 2 * seconds)
    return max(by, 0)  # the cache keeps nothing


@contextmanager
def _locked(cache: BaseCache, lock: str) -> Iterator[None]:
    give_up_at = time.monotonic() + LOCK_TIMEOUT
    while not (is_ours := cache.add(lock, 1, _LOCKED_FOR)) and time.monotonic() < give_up_at:
        time.sleep(0.01)
    try:
        yield
    finally:
        if is_ours:
            cache.delete(lock)
