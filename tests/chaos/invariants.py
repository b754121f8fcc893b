"""What must be zero: our record against the gateway's own, one by one. Pure, so that it can be tried on lies."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .killer import Kill
from .workload import loses_answer, receipts_due

OPEN = frozenset({"queued", "submitting"})
SENT = frozenset({"accepted", "delivered", "undelivered"})
NOT_SENT = frozenset({"rejected", "expired", "cancelled"})
UNDERWAY = frozenset({"waiting", "repeating"})

_DELIVERED = 2
_CALL = 15.0
"""Seconds after its claim for which a message can be in a worker's hands: it may wait for one call before its own."""
_CALL_WITHOUT_DATABASE = 35.0
"""The same where the worker has to wait for the database."""
_BEFORE = 1.0
"""Seconds by which a claim's time may be before the kill that hit the claim itself."""


@dataclass(frozen=True)
class Recorded:
    """A message as our database has it. Times are seconds since 1970."""

    pk: int
    key: str
    mobile: str
    content: str
    status: str
    smsid: str | None = None
    submitted_at: float = 0.0
    error: str = ""


@dataclass(frozen=True)
class Taken:
    """A message as the gateway has it, with what became of its last receipt's push."""

    smsid: str
    mobile: str
    content: str
    receipt: str = "acknowledged"
    at: float = 0.0


@dataclass(frozen=True)
class Kept:
    """A receipt as our database has it; ``message`` is the primary key of its message."""

    smsid: str
    mobile: str
    code: int
    message: int | None


@dataclass(frozen=True)
class Facts:
    """All that is known at the end.

    Attributes:
        expected: The texts that were sent, by key.
        messages: Our messages.
        receipts: Our receipts.
        taken: The gateway's messages.
        counts: The gateway's counts.
        kills: The kills.
    """

    expected: Mapping[str, str]
    messages: Sequence[Recorded]
    receipts: Sequence[Kept]
    taken: Sequence[Taken]
    counts: Mapping[str, int] = field(default_factory=dict)
    kills: Sequence[Kill] = ()


def judge(facts: Facts) -> dict[str, list[str]]:
    """Return what is wrong: for each line of the table those messages (keys or smsids) for which it is no zero."""
    times_taken = Counter(one.content for one in facts.taken)
    return {
        "sent twice": [content for content, times in times_taken.items() if times > 1],
        "lost": _lost(facts),
        "called sent, never taken": [
            one.key for one in facts.messages if one.status in SENT and not times_taken[one.content]
        ],
        "called not sent, but taken": [
            one.key for one in facts.messages if one.status in NOT_SENT and times_taken[one.content]
        ],
        "with another message's smsid": _wrong_smsid(facts),
        "unknown without a kill or fault": [one.key for one in _unexplained(facts)],
        "receipts acknowledged, not kept": _missing_receipts(facts),
        "receipts kept twice, or nobody's": _surplus_receipts(facts),
        "receipts without effect": _idle_receipts(facts),
    }


def unsettled(facts: Facts) -> list[str]:
    """Return what may still come by itself: open messages, pushes under way, kept receipts that fit."""
    fitting = {kept.smsid for kept in facts.receipts if kept.message is None and _fits(kept, facts)}
    return [
        *(one.key for one in facts.messages if one.status in OPEN),
        *(one.smsid for one in facts.taken if one.receipt in UNDERWAY),
        *fitting,
    ]


def was_unknown(message: Recorded) -> bool:
    """Whether a message's answer was lost: its error stays, also where a receipt has settled it since."""
    return message.status == "unknown" or (message.status in SENT and bool(message.error))


def in_flight(kills: Iterable[Kill]) -> int:
    """Return how many messages can have been in flight at the kills."""
    return sum(kill.in_flight for kill in kills)


def _lost(facts: Facts) -> list[str]:
    rows = Counter(one.key for one in facts.messages)
    texts = {one.key: one.content for one in facts.messages}
    missing = [key for key, text in facts.expected.items() if rows[key] != 1 or texts[key] != text]
    known = set(facts.expected.values())
    unasked = [one.smsid for one in facts.taken if one.content not in known]
    return missing + [one.key for one in facts.messages if one.status in OPEN] + unasked


def _wrong_smsid(facts: Facts) -> list[str]:
    owner = {one.smsid: one.content for one in facts.taken}
    return [one.key for one in facts.messages if one.smsid and owner.get(one.smsid) != one.content]


def _unexplained(facts: Facts) -> list[Recorded]:
    """Give each kill the oldest messages that it can have hit, no more than it had in flight; return the others.

    Of these the gateway itself has cut some off, and counted them: number 21 closes a connection that is kept, and the
    next message may be on its way into it.
    """
    rest = [one for one in facts.messages if was_unknown(one) and not loses_answer(one.mobile)]
    rest.sort(key=lambda one: one.submitted_at)
    for kill in sorted(facts.kills, key=lambda kill: kill.at):
        longest = _CALL_WITHOUT_DATABASE if kill.kind == "database" else _CALL
        hit = [one for one in rest if one.submitted_at - _BEFORE <= kill.at <= one.submitted_at + longest]
        explained = {one.pk for one in hit[: kill.in_flight]}
        rest = [one for one in rest if one.pk not in explained]
    return rest[facts.counts.get("cut_off", 0) :]


def _kept_by_smsid(facts: Facts) -> dict[str, int]:
    return Counter(kept.smsid for kept in facts.receipts)


def _missing_receipts(facts: Facts) -> list[str]:
    kept = _kept_by_smsid(facts)
    given_up = facts.counts.get("given_up_receipt", 0)
    missing = []
    for one in facts.taken:
        due = receipts_due(one.mobile)
        # The gateway tells of the last push only: where some were given up, one of two may be the one that was.
        wanted = due if not given_up else min(due, 1)
        if one.receipt == "acknowledged" and kept[one.smsid] < wanted:
            missing.append(one.smsid)
    return missing


def _surplus_receipts(facts: Facts) -> list[str]:
    due = {one.smsid: receipts_due(one.mobile) for one in facts.taken}
    return [smsid for smsid, times in _kept_by_smsid(facts).items() if times > due.get(smsid, 0)]


def _idle_receipts(facts: Facts) -> list[str]:
    """Receipts that fit a message and are not matched, and messages that do not say what their receipts say."""
    idle = [kept.smsid for kept in facts.receipts if kept.message is None and _fits(kept, facts)]
    codes = defaultdict(set)
    for kept in facts.receipts:
        codes[kept.message].add(kept.code)
    for one in facts.messages:
        if one.pk in codes:
            told = "delivered" if _DELIVERED in codes[one.pk] else "undelivered"
            idle += [one.key] if one.status != told else []
    return idle


def _fits(kept: Kept, facts: Facts) -> bool:
    """Whether an unmatched receipt's message can be known: by smsid, or as the only one to its number without."""
    if any(one.smsid == kept.smsid for one in facts.messages):
        return True
    nameless = [one for one in facts.messages if one.mobile == kept.mobile and one.smsid is None]
    return sum(one.status in {"unknown", "accepted"} for one in nameless) == 1
