"""``python -m benchmarks.soak``: ten minutes of steady load, Submits and receipts together, and what grows meanwhile.

Exit status 0 if nothing grew: no memory, connection, file handle or claim, and the queue is as young as at the start.
"""

from __future__ import annotations

import argparse
import os
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from example_project.processes import Process

from . import report
from .environment import Stage, enter, staged
from .pushing import serve
from .sizes import size

PUSHERS = 4
_EVERY = float(size(30, 1))
_WARM = 2
"""Readings that belong to the start."""


@dataclass(frozen=True)
class Reading:
    """What a look at the processes and the table found. Memory in MiB, ages in seconds."""

    second: int
    worker_memory: float
    web_memory: float
    files: int
    connections: int
    claims: int
    oldest: float
    delivered: int


class Pushes:
    """Clients that push a receipt for each message that was accepted."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.path = port, f"/ihuyi/push/{token}/receipt/"
        self.due: queue.SimpleQueue[tuple[str | None, str] | None] = queue.SimpleQueue()
        self.wrong = 0
        self.threads = [threading.Thread(target=self._push) for _ in range(PUSHERS)]
        for thread in self.threads:
            thread.start()

    def _push(self) -> None:
        for smsid, mobile in iter(self.due.get, None):
            fields = {"code": 2, "msg": "DELIVRD", "mobilephone": mobile, "smsid": smsid}
            body = urlencode({**fields, "report_time": "2026-11-22 12:00:00"})
            connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
            connection.request("POST", self.path, body, {"Content-Type": "application/x-www-form-urlencoded"})
            self.wrong += connection.getresponse().read() != b"success"
            connection.close()

    def end(self) -> None:
        """Push what is due, and stop."""
        for _ in self.threads:
            self.due.put(None)
        for thread in self.threads:
            thread.join()


def load(seconds: float, rate: int, pushes: Pushes) -> Iterator[int]:
    """Send so many messages a second in small bulks, and have receipts pushed. Yields the second now and then."""
    from django_ihuyi import send_bulk
    from django_ihuyi.models import Message

    began = read_at = time.monotonic()
    sent = pushed_pk = 0
    while (now := time.monotonic()) < began + seconds:
        send_bulk([(f"139{(sent + n) % 10**8:08}", f"soak {sent + n}") for n in range(rate)], batch_size=rate)
        sent += rate
        accepted = Message.objects.filter(status="accepted", pk__gt=pushed_pk).order_by("pk")
        for pk, smsid, mobile in accepted.values_list("pk", "smsid", "mobile")[: 2 * rate]:
            pushes.due.put((smsid, mobile))
            pushed_pk = pk
        if now >= read_at:
            yield round(now - began)
            read_at += _EVERY
        time.sleep(max(0.0, began + sent / rate - time.monotonic()))


def read(second: int, worker: Process, web: Process) -> Reading:
    """Look at the processes and the table."""
    from django.db import connection
    from django.utils import timezone

    from django_ihuyi.models import Message

    workers, webs = _children(worker), _children(web)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        connections = int(cursor.fetchone()[0])
    queued = Message.objects.filter(status="queued").order_by("pk").first()
    return Reading(
        second,
        sum(map(_memory, workers)),
        sum(map(_memory, webs)),
        sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in workers + webs),
        connections,
        Message.objects.filter(status="submitting").count(),
        0.0 if queued is None else (timezone.now() - queued.created_at).total_seconds(),
        Message.objects.filter(status="delivered").count(),
    )


def _children(process: Process) -> list[int]:
    """The processes that do the work, whichever thread of their parent made them."""
    threads = Path(f"/proc/{process.pid}/task").glob("*/children")
    return [int(pid) for thread in threads for pid in thread.read_text(encoding="ascii").split()]


def _memory(pid: int) -> float:
    """Proportional set size: what forked processes share is counted once."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1024 for line in rollup.splitlines() if line.startswith("Pss:"))


def run(stage: Stage, seconds: float, rate: int) -> bool:
    """Load, read, print, and judge."""
    from django.conf import settings

    stage.gateway(20)
    worker = stage.worker(2)
    port, web = serve(stage)
    pushes = Pushes(port, settings.PUSH_TOKEN)
    report.line(f"{rate} messages and receipts a second for {seconds:.0f} s")
    report.line("second  worker MiB  web MiB  files  connections  claims  oldest queued s  delivered")
    readings = []
    try:
        for second in load(seconds, rate, pushes):
            readings.append(read(second, worker, web))
            values = astuple(readings[-1])
            report.line("{:6}  {:10.1f}  {:7.1f}  {:5}  {:11}  {:6}  {:15.1f}  {:9}".format(*values))
    finally:
        pushes.end()
    return judge(readings[_WARM:]) and not pushes.wrong


def judge(readings: list[Reading]) -> bool:
    """Whether the second half is like the first."""
    half = len(readings) // 2
    early, late = readings[:half], readings[half:]
    grew = {
        "worker memory": _grew(early, late, "worker_memory", 5.0),
        "web memory": _grew(early, late, "web_memory", 5.0),
        "files": _grew(early, late, "files", 8),
        "connections": _grew(early, late, "connections", 2),
        "claims": _grew(early, late, "claims", 64),
        "age of the queue": _grew(early, late, "oldest", 2.0),
    }
    for what, much in grew.items():
        if much:
            report.line(f"grew: {what}")
    return not any(grew.values())


def _grew(early: list[Reading], late: list[Reading], name: str, allowed: float) -> bool:
    """Whether the least of the late readings is above the most of the early ones by more than is allowed."""
    return bool(min(getattr(one, name) for one in late) > max(getattr(one, name) for one in early) + allowed)


def main() -> int:
    """Run once. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=float(size(600, 5)), help="how long (default: %(default)s)")
    parser.add_argument("--rate", type=int, default=size(250, 20), help="messages a second (default: %(default)s)")
    options = parser.parse_args()
    if options.seconds < _EVERY * (_WARM + 2):
        parser.error(f"less than {_EVERY * (_WARM + 2):.0f} seconds have no two halves to compare")
    with staged() as stage:
        enter(stage.environment)
        good = run(stage, options.seconds, options.rate)
    report.line("nothing grew" if good else "something grew, or a push was not taken")
    return 0 if good else 1


if __name__ == "__main__":
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    raise SystemExit(main())
