"""What ``--parameters`` leaves out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.selection import first_of_each_test


def item(nodeid: str, *markers: str) -> Any:
    return SimpleNamespace(nodeid=nodeid, get_closest_marker=lambda name: name if name in markers else None)


ITEMS = [
    item("a.py::test_one"),
    item("a.py::test_two[x]"),
    item("a.py::test_two[y[0]]"),
    item("a.py::test_two[z]"),
    item("a.py::test_three[x]", "by_database"),
    item("a.py::test_three[y]", "by_database"),
    item("b.py::test_two[x]"),
]


@pytest.mark.parametrize(
    ("most", "left_out"),
    [
        (1, ["a.py::test_two[y[0]]", "a.py::test_two[z]"]),
        (2, ["a.py::test_two[z]"]),
        (3, []),
    ],
)
def test_parameters__of_a_test_that_has_more__are_the_first_ones(most: int, left_out: list[str]) -> None:
    kept, rest = first_of_each_test(ITEMS, most)
    assert [one.nodeid for one in rest] == left_out
    assert kept == [one for one in ITEMS if one not in rest]
