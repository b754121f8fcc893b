"""Receipts a second over gunicorn with two sync workers, against the cheapest hand-written view."""

from __future__ import annotations

import threading
import time
from functools import partial
from http.client import HTTPConnection
from itertools import count
from urllib.parse import urlencode

from example_project.processes import Process, answers_http
from tests.e2e.stack import free_ports

from . import report
from .stage import Stage, enter, staged

NUMBER = 2_000
"""Receipts of one round."""
CLIENTS = 8


def push(port: int, path: str, first: int) -> float:
    """Push so many receipts, each of another message. Returns how many a second were taken."""
    numbers = count(first)

    def work() -> None:
        while (n := next(numbers)) < first + NUMBER:
            body = urlencode(
                {
                    "code": 2,
                    "msg": "DELIVRD",
                    "mobilephone": f"139{n:08}",
                    "smsid": f"8{n:015}",
                    "report_time": "2026-11-22 12:00:00",
                }
            )
            connection = HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
            answer = connection.getresponse()
            if answer.read() != b"success":
                raise AssertionError(f"{path} answered {answer.status}")
            connection.close()

    clients = [threading.Thread(target=work) for _ in range(CLIENTS)]
    began = time.monotonic()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return NUMBER / (time.monotonic() - began)


def serve(stage: Stage) -> tuple[int, Process]:
    """Start gunicorn. Returns its port and the process."""
    (port,) = free_ports(1)
    command = ["gunicorn", "benchmarks.wsgi", f"--bind=127.0.0.1:{port}", "--workers=2"]
    return port, stage.start("web", command, answers_http(port))


def record(number: int) -> None:
    """Record accepted messages for the receipts."""
    from django_ihuyi.models import Message

    Message.objects.bulk_create(
        (Message(mobile=f"139{n:08}", content="x", status="accepted", smsid=f"8{n:015}") for n in range(number)),
        batch_size=2_000,
    )


def main() -> None:
    """Measure, and check that every message is delivered."""
    with staged() as stage:
        enter(stage.environment)
        from django.conf import settings

        from django_ihuyi.models import Message

        port, _web = serve(stage)
        record(8 * NUMBER)
        paths = {"bare": "/bare/", "ours": f"/ihuyi/push/{settings.PUSH_TOKEN}/receipt/"}
        firsts = count(0, NUMBER)

        def measure(path: str) -> float:
            return push(port, path, next(firsts))

        # The first round of each warms it up.
        rates = report.in_turns(4, {name: partial(measure, path) for name, path in paths.items()})
        left = Message.objects.exclude(status="delivered").count()
        if left:
            raise AssertionError(f"{left} messages are not delivered")
        what = "Receipts over gunicorn, 2 sync workers"
        report.ratio(what, rates["ours"][1:], "hand-written view", rates["bare"][1:], target=0.9)


if __name__ == "__main__":
    main()
