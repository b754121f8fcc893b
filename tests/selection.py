"""Which tests a run of the suite leaves out that comes after another one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest


def first_of_each_test(items: Iterable[pytest.Item], most: int) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """Split tests into those that run and those that are left out, for ``--parameters``.

    Args:
        items: Tests in the order in which they are written.
        most: How many sets of parameters of one test run; of one that is marked ``by_database``, all do.

    Returns:
        The tests that run, and the others.
    """
    seen: Counter[str] = Counter()
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        test = item.nodeid.partition("[")[0]
        seen[test] += 1
        runs = seen[test] <= most or item.get_closest_marker("by_database") is not None
        (kept if runs else left_out).append(item)
    return kept, left_out
