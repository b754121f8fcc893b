"""What is drawn from a seed: messages, victims, moments."""

from __future__ import annotations

from collections import Counter

import pytest

from .killer import ALWAYS, plan
from .workload import TEXT_MARKS, is_ordinary, loses_answer, orders, receipts_due


def test_the_same_seed_draws_the_same() -> None:
    assert orders(50, 7) == orders(50, 7)
    assert orders(50, 7) != orders(50, 8)
    assert plan(20, 7, ["broker"]) == plan(20, 7, ["broker"])


def test_every_text_is_sent_once_and_numbers_more_often() -> None:
    drawn = orders(2000, 1)
    assert len({order.key for order in drawn}) == len({order.content for order in drawn}) == 2000
    assert all(mark in order.content for order in drawn for mark in TEXT_MARKS)
    assert len({order.mobile for order in drawn}) < 700
    faulty = Counter(order.mobile for order in drawn if not is_ordinary(order.mobile))
    assert faulty.total() == 500
    assert max(faulty.values()) - min(faulty.values()) <= 1
    assert "13800004080" in faulty


@pytest.mark.parametrize(
    ("mobile", "loses", "receipts"),
    [
        pytest.param("13712345678", False, 1, id="ordinary"),
        pytest.param("13800004080", False, 1, id="4080"),
        pytest.param("13900000002", True, 1, id="hangs"),
        pytest.param("13900000005", True, 1, id="502"),
        pytest.param("13900000008", False, 1, id="no-smsid"),
        pytest.param("13900000012", False, 0, id="no-receipt"),
        pytest.param("13900000013", False, 1, id="the-same-receipt-twice"),
        pytest.param("13900000014", False, 2, id="two-receipts"),
    ],
)
def test_what_is_known_of_a_number(mobile: str, loses: bool, receipts: int) -> None:
    assert loses_answer(mobile) is loses
    assert receipts_due(mobile) == receipts


@pytest.mark.parametrize(
    ("count", "servers", "each"),
    [
        pytest.param(24, ["broker", "database"], 2, id="long"),
        pytest.param(7, ["broker", "database"], 1, id="short"),
        pytest.param(7, [], 0, id="files-cannot-be-killed"),
    ],
)
def test_the_plan_has_every_kind(count: int, servers: list[str], each: int) -> None:
    drawn = plan(count, 3, servers)
    moments = [moment for moment, _kind in drawn]
    kinds = Counter(kind for _moment, kind in drawn)
    assert moments == sorted(moments)
    assert moments[0] > 0
    assert moments[-1] < 1
    assert [kinds[server] for server in ("broker", "database")] == [each, each]
    assert all(kinds[kind] for kind in ALWAYS)
    assert kinds.total() == count


def test_a_plan_of_none_is_empty() -> None:
    assert plan(0, 3, ["broker", "database"]) == []
