"""What is sent: texts and numbers made from a seed, so that the sender and the verdict agree without talking."""

from __future__ import annotations

import random
from dataclasses import dataclass

from django_ihuyi.sandbox.faults import FAULTS, ORDINARY, Answer, fault_of

LONGEST_READ = 2.0
"""Seconds that a worker of ours waits for a piece of the answer; the sandbox's slow number takes longer."""
THREADS = 2
"""Calls that a worker's child makes at a time for a chunk."""
IN_HAND = 2 * THREADS
"""Messages that a child has claimed and not settled at the most."""
TEXT_MARKS = ("您的包裹", "取件口令")
"""What every text contains, and no log may."""

_FAULTY_SHARE = 0.25
_AGAIN_AFTER_A_SECOND = "13800004080"
_FAULTY = (*(f"1390000{number:04d}" for number in FAULTS), _AGAIN_AFTER_A_SECOND)
_TO_ONE_NUMBER = 3
_LOSING = {
    Answer.SLOW,
    Answer.HANG,
    Answer.RESET,
    Answer.BAD_GATEWAY,
    Answer.SERVER_ERROR,
    Answer.REDIRECT,
    Answer.RUBBISH,
    Answer.HALF,
    Answer.HUGE,
    Answer.DRIP,
    Answer.HOSTILE,
}


@dataclass(frozen=True)
class Order:
    """One message to send."""

    key: str
    mobile: str
    content: str


def orders(count: int, seed: int) -> list[Order]:
    """Return the messages of a run: every text once, about three to a number, a quarter to numbers that misbehave.

    Args:
        count: How many.
        seed: The run's seed.
    """
    rng = random.Random(seed)
    faulty = round(count * _FAULTY_SHARE)
    mobiles = [_FAULTY[position % len(_FAULTY)] for position in range(faulty)]
    ordinary = [f"137{rng.randrange(10**8):08d}" for _ in range(max(1, (count - faulty) // _TO_ONE_NUMBER))]
    mobiles += [rng.choice(ordinary) for _ in range(count - faulty)]
    rng.shuffle(mobiles)
    return [
        Order(f"chaos-{seed}-{number}", mobile, f"您的包裹{number:05d}号已到，取件口令{rng.randrange(16**8):08x}。")
        for number, mobile in enumerate(mobiles)
    ]


def loses_answer(mobile: str) -> bool:
    """Whether nobody can know what became of a message to this number before its receipt."""
    return fault_of(mobile).answer in _LOSING


def receipts_due(mobile: str) -> int:
    """Return how many different receipts a message to this number has when it is taken."""
    return len({(receipt.code, receipt.delays) for receipt in fault_of(mobile).receipts})


def is_ordinary(mobile: str) -> bool:
    """Whether the sandbox has no trick for this number."""
    return mobile != _AGAIN_AFTER_A_SECOND and fault_of(mobile) is ORDINARY
