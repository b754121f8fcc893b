"""A moving window, against counting every moment by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_ihuyi.exceptions import ThrottleReason
from django_ihuyi.verification.sliding_window import Log, Window

STEPS = st.lists(st.floats(min_value=0, max_value=40, allow_nan=False), max_size=60)


def window(limit: int = 3, seconds: int = 60, grain: float = 0) -> Window:
    return Window("x", ThrottleReason.NUMBER, seconds, limit, grain)


@given(steps=STEPS, limit=st.integers(1, 6), grain=st.sampled_from([0, 1, 10]))
def test_never_more_than_the_limit_in_any_window(steps: list[float], limit: int, grain: float) -> None:
    judge, log, now, taken = window(limit, grain=grain), Log(), 1_800_000_000.0, list[float]()
    for step in steps:
        now += step
        if judge.wait(log, now) <= 0:
            log = judge.add(log, now)
            taken.append(now)
    for moment in taken:
        assert sum(moment <= other < moment + 60 for other in taken) <= limit


@given(steps=STEPS, limit=st.integers(1, 6), grain=st.sampled_from([0, 1, 10]))
def test_the_wait_is_the_truth(steps: list[float], limit: int, grain: float) -> None:
    judge, log, now = window(limit, grain=grain), Log(), 1_800_000_000.0
    for step in steps:
        now += step
        wait = judge.wait(log, now)
        if wait > 0:
            assert wait <= 60 + grain
            assert judge.wait(log, now + wait - 0.01) > 0
            assert judge.wait(log, now + wait) <= 0
        else:
            log = judge.add(log, now)


@pytest.mark.parametrize(("limit", "entries"), [(50, 50), (1000, 61)])
def test_a_log_stays_short(limit: int, entries: int) -> None:
    judge, log = window(limit, seconds=3600, grain=60), Log()
    for second in range(5000):
        if judge.wait(log, second) <= 0:
            log = judge.add(log, second)
        assert len(log) <= entries


def test_a_tighter_limit_waits_for_as_many_to_be_forgotten() -> None:
    log: Log = [(0, 1), (10, 1), (20, 1)]
    assert window(3).wait(log, 30) == 30
    assert window(1).wait(log, 30) == 50


def test_a_clock_that_jumped_ahead_keeps_nobody_out() -> None:
    window = Window("site", ThrottleReason.SITE, 3600, 3, grain=60)
    log = window.add([], 100_000.0 + 86_400)  # by a clock that is a day ahead
    for moment in (100_000.0, 104_000.0, 108_000.0, 112_000.0, 116_000.0):
        assert window.wait(log, moment) == 0
        log = window.add(log, moment)
