"""The verdict on made-up records: every kind of lie must be found, and the truth must pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from .invariants import Facts, Kept, Recorded, Taken, in_flight, judge, unsettled
from .killer import Kill

_ORDINARY = "13712345678"
_LOSING = "13900000004"
_TWO_RECEIPTS = "13900000014"
_NO_RECEIPT = "13900000012"

TRUTH = Facts(
    expected={"k1": "one", "k2": "two", "k3": "three", "k4": "four"},
    messages=[
        Recorded(1, "k1", _ORDINARY, "one", "delivered", "11", submitted_at=1000.0),
        Recorded(2, "k2", "13800004080", "two", "rejected"),
        Recorded(3, "k3", _TWO_RECEIPTS, "three", "delivered", "33", submitted_at=1001.0),
        Recorded(4, "k4", _NO_RECEIPT, "four", "accepted", "44", submitted_at=1002.0),
    ],
    receipts=[Kept("11", _ORDINARY, 2, 1), Kept("33", _TWO_RECEIPTS, 2, 3), Kept("33", _TWO_RECEIPTS, 0, 3)],
    taken=[
        Taken("11", _ORDINARY, "one"),
        Taken("33", _TWO_RECEIPTS, "three"),
        Taken("44", _NO_RECEIPT, "four", receipt="never"),
    ],
    counts={"Submit": 5, "taken": 3},
)


def _found(facts: Facts) -> dict[str, list[str]]:
    return {name: offenders for name, offenders in judge(facts).items() if offenders}


def _with_message(pk: int, **changes: Any) -> Facts:
    messages = [replace(one, **changes) if one.pk == pk else one for one in TRUTH.messages]
    return replace(TRUTH, messages=messages)


def test_the_truth_passes() -> None:
    assert _found(TRUTH) == {}
    assert unsettled(TRUTH) == []


def _forget(facts: Facts, key: str) -> Facts:
    return replace(facts, messages=[one for one in facts.messages if one.key != key])


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        pytest.param(
            replace(TRUTH, taken=[*TRUTH.taken, Taken("99", _ORDINARY, "one", receipt="never")]),
            {"sent twice": ["one"]},
            id="twice",
        ),
        pytest.param(_forget(TRUTH, "k2"), {"lost": ["k2"]}, id="never-recorded"),
        pytest.param(
            replace(TRUTH, messages=[*TRUTH.messages, replace(TRUTH.messages[1], pk=9)]),
            {"lost": ["k2"]},
            id="recorded-twice",
        ),
        pytest.param(_with_message(2, content="other"), {"lost": ["k2"]}, id="another-text"),
        pytest.param(_with_message(2, status="queued"), {"lost": ["k2"]}, id="left-queued"),
        pytest.param(_with_message(2, status="submitting"), {"lost": ["k2"]}, id="left-submitting"),
        pytest.param(
            replace(TRUTH, taken=[*TRUTH.taken, Taken("99", _ORDINARY, "stranger", receipt="never")]),
            {"lost": ["99"]},
            id="taken-but-nobody-sent-it",
        ),
        pytest.param(_with_message(2, status="accepted"), {"called sent, never taken": ["k2"]}, id="accepted-untaken"),
        pytest.param(_with_message(2, status="delivered"), {"called sent, never taken": ["k2"]}, id="delivered-only"),
        pytest.param(
            _with_message(2, status="undelivered"), {"called sent, never taken": ["k2"]}, id="undelivered-untaken"
        ),
        pytest.param(_with_message(4, status="rejected"), {"called not sent, but taken": ["k4"]}, id="rejected-taken"),
        pytest.param(_with_message(4, status="expired"), {"called not sent, but taken": ["k4"]}, id="expired-taken"),
        pytest.param(
            _with_message(4, status="cancelled"), {"called not sent, but taken": ["k4"]}, id="cancelled-taken"
        ),
        pytest.param(
            _with_message(4, smsid="11"), {"with another message's smsid": ["k4"]}, id="smsid-of-another-message"
        ),
        pytest.param(_with_message(4, smsid="5"), {"with another message's smsid": ["k4"]}, id="smsid-of-nobody"),
        pytest.param(
            _with_message(4, status="unknown"), {"unknown without a kill or fault": ["k4"]}, id="unknown-for-no-reason"
        ),
        pytest.param(
            _with_message(1, error="never came back"), {"unknown without a kill or fault": ["k1"]}, id="unknown-once"
        ),
        pytest.param(
            replace(TRUTH, receipts=TRUTH.receipts[1:]),
            {"receipts acknowledged, not kept": ["11"]},
            id="receipt-lost",
        ),
        pytest.param(
            replace(TRUTH, receipts=TRUTH.receipts[:2]),
            {"receipts acknowledged, not kept": ["33"]},
            id="second-receipt-lost",
        ),
        pytest.param(
            replace(TRUTH, receipts=[*TRUTH.receipts, Kept("11", _ORDINARY, 2, 1)]),
            {"receipts kept twice, or nobody's": ["11"]},
            id="receipt-doubled",
        ),
        pytest.param(
            replace(TRUTH, receipts=[*TRUTH.receipts, Kept("99", _ORDINARY, 2, None)]),
            {"receipts kept twice, or nobody's": ["99"]},
            id="receipt-of-nobody",
        ),
        pytest.param(
            _with_message(1, status="accepted"), {"receipts without effect": ["k1"]}, id="accepted-with-receipt"
        ),
        pytest.param(
            _with_message(3, status="undelivered"), {"receipts without effect": ["k3"]}, id="delivered-taken-back"
        ),
        pytest.param(
            replace(TRUTH, receipts=[replace(TRUTH.receipts[0], message=None), *TRUTH.receipts[1:]]),
            {"receipts without effect": ["11"]},
            id="receipt-left-alone",
        ),
    ],
)
def test_every_lie_is_found(facts: Facts, found: dict[str, list[str]]) -> None:
    assert _found(facts) == found


def _lost_answers(*statuses: str) -> Facts:
    """Messages to one number that loses answers, the first of them taken, with a receipt that nobody claimed."""
    return Facts(
        expected={f"k{pk}": f"text {pk}" for pk in range(len(statuses))},
        messages=[Recorded(pk, f"k{pk}", _LOSING, f"text {pk}", status) for pk, status in enumerate(statuses)],
        receipts=[Kept("10", _LOSING, 2, None)],
        taken=[Taken("10", _LOSING, "text 0")],
    )


def test_a_receipt_that_fits_one_message_only_is_not_left_alone() -> None:
    assert _found(_lost_answers("unknown")) == {"receipts without effect": ["10"]}
    assert unsettled(_lost_answers("unknown")) == ["10"]


def test_a_receipt_that_fits_two_messages_is_left_alone() -> None:
    assert _found(_lost_answers("unknown", "unknown")) == {}
    assert unsettled(_lost_answers("unknown", "unknown")) == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda: _with_message(2, status="queued"), id="queued"),
        pytest.param(lambda: _with_message(2, status="submitting"), id="submitting"),
        pytest.param(lambda: replace(TRUTH, taken=[replace(TRUTH.taken[0], receipt="waiting")]), id="push-waiting"),
        pytest.param(lambda: replace(TRUTH, taken=[replace(TRUTH.taken[0], receipt="repeating")]), id="push-again"),
    ],
)
def test_what_may_still_come_is_not_settled(change: Callable[[], Facts]) -> None:
    assert len(unsettled(change())) == 1


def test_a_given_up_push_may_be_the_one_of_two_that_is_missing() -> None:
    facts = replace(TRUTH, receipts=TRUTH.receipts[:2], counts={"given_up_receipt": 1})
    assert _found(facts) == {}
    assert _found(replace(facts, receipts=TRUTH.receipts[:1])) == {"receipts acknowledged, not kept": ["33"]}


def _unknown(*moments: float) -> list[Recorded]:
    return [
        Recorded(pk, f"k{pk}", _ORDINARY, f"text {pk}", "unknown", submitted_at=moment)
        for pk, moment in enumerate(moments)
    ]


@pytest.mark.parametrize(
    ("kills", "moments", "unexplained"),
    [
        pytest.param([Kill(100.0, "child", "w", 1)], [99.0], [], id="in-its-hands"),
        pytest.param([Kill(100.0, "child", "w", 1)], [99.0, 98.0], ["k0"], id="one-child-has-one"),
        pytest.param([Kill(100.0, "worker", "w", 4)], [99.0] * 4, [], id="a-worker-has-four"),
        pytest.param([Kill(100.0, "worker", "w", 4)], [99.0] * 5, ["k4"], id="and-no-more"),
        pytest.param([Kill(100.0, "worker", "w", 4)], [80.0], ["k0"], id="long-before"),
        pytest.param([Kill(100.0, "worker", "w", 4)], [102.0], ["k0"], id="afterwards"),
        pytest.param([Kill(100.0, "database", "d", 8)], [80.0], [], id="waiting-for-the-database"),
        pytest.param([Kill(100.0, "web", "s", 0)], [99.0], ["k0"], id="the-web-has-no-messages"),
        pytest.param(
            [Kill(100.0, "child", "w", 1), Kill(101.0, "child", "w", 1)], [99.0, 100.5], [], id="one-kill-each"
        ),
    ],
)
def test_a_kill_explains_what_it_can_have_hit(kills: list[Kill], moments: list[float], unexplained: list[str]) -> None:
    messages = _unknown(*moments)
    facts = Facts({one.key: one.content for one in messages}, messages, [], [], kills=kills)
    assert judge(facts)["unknown without a kill or fault"] == unexplained
    assert in_flight(kills) == sum(kill.in_flight for kill in kills)


def test_a_lost_answer_needs_no_kill() -> None:
    messages = [Recorded(1, "k1", _LOSING, "one", "unknown", submitted_at=1.0)]
    assert _found(Facts({"k1": "one"}, messages, [], [])) == {}


@pytest.mark.parametrize(
    ("cut_off", "unexplained"),
    [
        pytest.param(0, ["k0", "k1"], id="none"),
        pytest.param(1, ["k1"], id="one"),
        pytest.param(2, [], id="both"),
    ],
)
def test_a_request_that_the_gateway_cut_off_needs_no_kill(cut_off: int, unexplained: list[str]) -> None:
    messages = _unknown(10.0, 20.0)
    facts = Facts({one.key: one.content for one in messages}, messages, [], [], counts={"cut_off": cut_off})
    assert judge(facts)["unknown without a kill or fault"] == unexplained
