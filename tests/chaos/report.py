"""The table at the end of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from .invariants import SENT, Recorded, in_flight, judge, was_unknown
from .options import Options
from .run import Outcome
from .workload import is_ordinary, loses_answer


def wrong(outcome: Outcome) -> dict[str, list[str]]:
    """Return everything that has to be empty."""
    return judge(outcome.facts) | {"logs with a key, a token or a text": outcome.leaks}


def table(options: Options, outcome: Outcome) -> Iterator[str]:
    """Yield the table's lines.

    Args:
        options: What the run was like.
        outcome: What it brought.
    """
    for title, lines in (("What happened", _figures(options, outcome)), ("What must be zero", _zeros(outcome))):
        yield f"{title:<52}|"
        yield f"{'-' * 52}|{'-' * 50}"
        for name, value in lines:
            yield f"{name:<52}| {value}"
        yield ""
    if outcome.unsettled:
        yield f"NOT SETTLED within {options.timeout:.0f} s: {outcome.unsettled}"
    for name, offenders in wrong(outcome).items():
        if offenders:
            yield f"NOT ZERO: {name}: {', '.join(sorted(offenders)[:10])}"


def _zeros(outcome: Outcome) -> Iterator[tuple[str, str]]:
    for name, offenders in wrong(outcome).items():
        yield name, str(len(offenders))


def _figures(options: Options, outcome: Outcome) -> Iterator[tuple[str, str]]:
    facts = outcome.facts
    counts = facts.counts
    statuses = Counter(one.status for one in facts.messages)
    yield "database, broker, seed", f"{options.database}, {options.broker}, {options.seed}"
    faulty = sum(not is_ordinary(one.mobile) for one in facts.messages)
    yield "messages, of them to numbers that misbehave", f"{len(facts.messages)}, {faulty}"
    kinds = Counter(kill.kind for kill in facts.kills)
    yield "kills", f"{len(facts.kills)}: " + ", ".join(f"{kind} {times}" for kind, times in sorted(kinds.items()))
    yield "Submits, taken", f"{counts['Submit']}, {counts['taken']}"
    yield "times that a worker was handed a message", str(outcome.handed)
    yield "Submits a second while sending", f"{counts['Submit'] / outcome.sending:.1f}"
    pushed = (counts.get(f"{word}_receipt", 0) for word in ("pushed", "acknowledged", "given_up"))
    yield "receipts pushed, acknowledged, given up", ", ".join(map(str, pushed))
    unmatched = sum(kept.message is None for kept in facts.receipts)
    yield "receipts kept, of them without a message", f"{len(facts.receipts)}, {unmatched}"
    yield "statuses", ", ".join(f"{status} {times}" for status, times in sorted(statuses.items()))
    lost = [one for one in facts.messages if was_unknown(one)]
    by_fault = [one for one in lost if loses_answer(one.mobile)]
    by_kill = [one for one in lost if not loses_answer(one.mobile)]
    yield "answers lost by faults, of them settled by receipts", f"{len(by_fault)}, {_settled(by_fault)}"
    yield "answers lost by kills, of them settled by receipts", f"{len(by_kill)}, {_settled(by_kill)}"
    yield "requests that number 21 cut off", str(counts.get("cut_off", 0))
    yield "in flight at the kills at most", str(in_flight(facts.kills))
    yield "seconds that the slowest send_sms took", f"{outcome.slowest_call:.2f}"
    yield "seconds of sending and killing", f"{outcome.sending:.0f}"
    yield "seconds to settle after the last", f"{outcome.settling:.0f}"


def _settled(lost: Iterable[Recorded]) -> int:
    return sum(one.status in SENT for one in lost)
