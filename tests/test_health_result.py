"""What is found: the worst of it counts, and a limit is reached at its figure."""

from __future__ import annotations

import pytest

from django_ihuyi.health_result import HealthResult, Level, Thresholds, worst


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([], Level.UNKNOWN),
        ([Level.OK], Level.OK),
        ([Level.OK, Level.UNKNOWN], Level.UNKNOWN),
        ([Level.UNKNOWN, Level.WARNING], Level.WARNING),
        ([Level.WARNING, Level.CRITICAL, Level.UNKNOWN], Level.CRITICAL),
    ],
)
def test_the_worst_counts(levels: list[Level], expected: Level) -> None:
    assert worst([HealthResult("x", "", level, "") for level in levels]) is expected


def test_limits_are_reached_at_their_figure() -> None:
    assert [Thresholds.judge(value, (1, 2)) for value in (0.9, 1, 2)] == [Level.OK, Level.WARNING, Level.CRITICAL]
