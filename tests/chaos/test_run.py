"""When a run is over: what is judged was read when nothing could change any more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from . import run, snapshot
from .invariants import Facts, judge
from .options import Options
from .processes import Place
from .test_verdict import TRUTH

_TORN = replace(TRUTH, messages=[replace(one, status="accepted") if one.pk == 1 else one for one in TRUTH.messages])
_OPEN = replace(TRUTH, messages=[replace(one, status="queued") if one.pk == 1 else one for one in TRUTH.messages])


@pytest.mark.parametrize(
    "readings",
    [
        pytest.param([_OPEN, _TORN, TRUTH], id="a receipt came between the messages and the receipts"),
        pytest.param([TRUTH, _OPEN, TRUTH, TRUTH], id="something opened again"),
    ],
)
def test_what_is_judged_was_read_when_nothing_could_change(
    readings: list[Facts], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    coming = iter(readings)
    monkeypatch.setattr(snapshot, "read", lambda *_: next(coming))
    monkeypatch.setattr(run, "POLL_INTERVAL", 0)
    facts, left = run.Run(Options(), Place(tmp_path), lambda _: None).settle([])
    assert (left, next(coming, None)) == (0, None)
    assert not any(judge(facts).values())


def test_what_does_not_settle_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "read", lambda *_: _OPEN)
    monkeypatch.setattr(run, "POLL_INTERVAL", 0)
    assert run.Run(Options(timeout=0), Place(tmp_path), lambda _: None).settle([]) == (_OPEN, 1)
