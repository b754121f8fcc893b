"""Recording: ``send_bulk`` against a bare ``bulk_create`` and django-post_office's ``send_many``; ``send_sms`` against
INSERT and ``apply_async``. ``python -m benchmarks.recording bulk WHAT`` measures one bulk in a process of its own,
``python -m benchmarks.recording ones`` those that send one message a call.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from functools import partial

from . import report
from .environment import enter, staged
from .report import Figure
from .sizes import CHUNK, size

TEXT = "您的订单已发货，请留意查收。"


def bulk_create(number: int) -> None:
    """The bare loop: the same rows by Django's own ``bulk_create``, no checks, nothing published."""
    from django_ihuyi.models import Message

    for first in range(0, number, CHUNK):
        Message.objects.bulk_create(Message(mobile=f"139{n:08}", content=TEXT) for n in range(first, first + CHUNK))


def send_bulk(number: int) -> None:
    """Ours: checked, recorded, published."""
    from django_ihuyi import send_bulk as send

    if send(((f"139{n:08}", TEXT) for n in range(number)), batch_size=CHUNK).recorded != number:
        raise AssertionError("not all were recorded")


def post_office(number: int) -> None:
    """django-post_office's queue of e-mails, in chunks of the same size."""
    from post_office import mail

    for first in range(0, number, CHUNK):
        mail.send_many(
            [
                {"recipients": [f"139{n:08}@example.com"], "sender": "a@example.com", "message": TEXT}
                for n in range(first, first + CHUNK)
            ]
        )


def each(call: Callable[[int], object]) -> Callable[[int], None]:
    """Repeat a call."""

    def repeat(number: int) -> None:
        for n in range(number):
            call(n)

    return repeat


def send_sms(n: int) -> object:
    """Ours: checked, recorded, published."""
    from django_ihuyi import send_sms as send

    return send(f"139{n:08}", TEXT)


def insert_and_publish(n: int) -> None:
    """The bare loop: one INSERT and one ``apply_async``."""
    from django_ihuyi.models import Message
    from django_ihuyi.tasks import submit_message

    message = Message.objects.create(mobile=f"138{n:08}", content=TEXT)
    submit_message.apply_async((message.pk,))


BROKERS = {"redis": "Redis", "rabbitmq": "RabbitMQ"}
BULK: dict[str, Callable[[int], None]] = {
    "send_bulk": send_bulk,
    "bulk_create": bulk_create,
    "post_office": post_office,
}
BULKS = {"send_bulk": 30 * CHUNK, "bulk_create": 20 * CHUNK, "post_office": 10 * CHUNK}
"""How many of each."""
ONE: dict[str, Callable[[int], object]] = {"send_sms": send_sms, "insert_and_publish": insert_and_publish}


def compare() -> list[Figure]:
    """Measure the ratios."""
    with staged() as stage:
        grown = []

        def measure(what: str) -> float:
            found = stage.run("benchmarks.recording", "bulk", what)
            if what == "send_bulk":
                grown.append(found["MiB"])
            return float(found["rate"])

        rates = report.in_turns(size(5, 1), {what: partial(measure, what) for what in BULKS})
        figures = [
            report.figure("send_bulk", rates["send_bulk"], "bulk_create", rates["bulk_create"], least=0.76),
            report.figure("send_bulk", rates["send_bulk"], "post_office send_many", rates["post_office"], least=1.5),
        ]
        what = f"Memory of send_bulk of {BULKS['send_bulk']:,}, above the process's own"
        figures.append(report.figure(what, grown, unit="MiB", most=32))
    for broker, name in BROKERS.items():
        with staged(broker) as stage:
            rates = stage.run("benchmarks.recording", "ones")
            ours, bare = rates["send_sms"], rates["insert_and_publish"]
            figures.append(report.figure(f"send_sms, {name}", ours, "INSERT and apply_async", bare, least=0.8))
    return figures


def bulk(what: str) -> dict[str, float]:
    """Measure one bulk: how many a second, and the memory above the process's base, in MiB."""
    BULK[what](CHUNK)  # connections, caches
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rate = rate_of(BULK[what], BULKS[what])
    return {"rate": rate, "MiB": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) / 1024}


def ones() -> dict[str, list[float]]:
    """Measure those that send one message a call, in turns."""
    for call in ONE.values():
        rate_of(each(call), size(20, 2))  # connections, caches
    return report.in_turns(
        size(15, 2), {what: partial(rate_of, each(call), size(200, 5)) for what, call in ONE.items()}
    )


def rate_of(measured: Callable[[int], object], number: int) -> float:
    """Do so many. Returns how many a second that was."""
    began = time.perf_counter()
    measured(number)
    return number / (time.perf_counter() - began)


if __name__ == "__main__":
    enter(os.environ)
    sys.stdout.write(json.dumps(bulk(sys.argv[2]) if sys.argv[1] == "bulk" else ones()) + "\n")
