"""Receipts a second over gunicorn with two sync workers, against the cheapest hand-written view.

``python -m benchmarks.pushing record NUMBER`` records accepted messages for them, ``... left`` counts those that are
not delivered.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from functools import partial
from http.client import HTTPConnection
from itertools import count
from urllib.parse import urlencode

from example_project.processes import Process, answers_http
from tests.e2e.processes import free_ports

from . import report
from .environment import Stage, enter, staged
from .report import Figure
from .sizes import size

NUMBER = size(2_000, 20)
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


def record(number: int) -> int:
    """Record accepted messages for the receipts. Returns how many there are."""
    from django_ihuyi.models import Message

    Message.objects.bulk_create(
        (Message(mobile=f"139{n:08}", content="x", status="accepted", smsid=f"8{n:015}") for n in range(number)),
        batch_size=2_000,
    )
    return number


def left() -> int:
    """Count the messages that are not delivered."""
    from django_ihuyi.models import Message

    return Message.objects.exclude(status="delivered").count()


def main() -> list[Figure]:
    """Measure, and check that every message is delivered."""
    # The settings read the environment, which a program that imports this file has not set yet.
    from .settings import PUSH_TOKEN

    with staged() as stage:
        port, _web = serve(stage)
        stage.run("benchmarks.pushing", "record", str(8 * NUMBER))
        paths = {"bare": "/bare/", "ours": f"/ihuyi/push/{PUSH_TOKEN}/receipt/"}
        firsts = count(0, NUMBER)

        def measure(path: str) -> float:
            return push(port, path, next(firsts))

        # The first round of each warms it up.
        rates = report.in_turns(4, {name: partial(measure, path) for name, path in paths.items()})
        if number := stage.run("benchmarks.pushing", "left")["messages"]:
            raise AssertionError(f"{number} messages are not delivered")
    what = "Receipts over gunicorn, 2 sync workers"
    return [report.figure(what, rates["ours"][1:], "hand-written view", rates["bare"][1:], least=0.9)]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        enter(os.environ)
        found = record(int(sys.argv[2])) if sys.argv[1] == "record" else left()
        sys.stdout.write(json.dumps({"messages": found}) + "\n")
    else:
        main()
