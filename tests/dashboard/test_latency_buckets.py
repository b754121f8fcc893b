"""Percentiles from buckets are nearly those of the times themselves, and buckets can be added up."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from django_ihuyi.dashboard.latency_buckets import BOUNDS, bucket_of, percentile


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_a_percentile_is_right_to_a_third(share: float) -> None:
    chance = random.Random(1)
    seconds = sorted(chance.lognormvariate(1, 1.5) for _ in range(5000))
    parts = [Counter(map(bucket_of, seconds[start::3])) for start in range(3)]
    together = parts[0] + parts[1] + parts[2]
    assert together == Counter(map(bucket_of, seconds))
    true = seconds[int(share * len(seconds))]
    assert true / 1.34 < percentile(together, share) < true * 1.34


def test_the_ends_of_the_buckets() -> None:
    assert percentile({0: 2}, 0.5) == pytest.approx(BOUNDS[0] / 2)
    assert percentile({len(BOUNDS): 2}, 0.5) == BOUNDS[-1] == 1_000_000
    assert percentile({3: 1, 5: 0}, 1) == pytest.approx(BOUNDS[3])
    with pytest.raises(ValueError, match="no messages"):
        percentile({}, 0.5)
