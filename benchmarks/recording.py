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
from .stage import enter, staged

TEXT = "您的订单已发货，请留意查收。"
CHUNK = 1000


def bulk_create(number: int) -> None:
    """The bare loop: the same rows by Django's own ``bulk_create``, no checks, nothing published."""
    from django_ihuyi.models import Message

    for first in range(0, number, CHUNK):
        Message.objects.bulk_create(Message(mobile=f"139{n:08}", content=TEXT) for n in range(first, first + CHUNK))


def send_bulk(number: int) -> None:
    """Ours: checked, recorded, published."""
    from django_ihuyi import send_bulk as send

    if send((f"139{n:08}", TEXT) for n in range(number)).recorded != number:
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


BULK: dict[str, Callable[[int], None]] = {
    "send_bulk": send_bulk,
    "bulk_create": bulk_create,
    "post_office": post_office,
}
BULKS = {"send_bulk": 30_000, "bulk_create": 20_000, "post_office": 10_000}
"""How many of each."""
ONE: dict[str, Callable[[int], object]] = {"send_sms": send_sms, "insert_and_publish": insert_and_publish}


def compare() -> None:
    """Print the ratios."""
    with staged() as stage:
        grown = []

        def measure(what: str) -> float:
            found = stage.run("benchmarks.recording", "bulk", what)
            grown.append(found["MiB"] if what == "send_bulk" else 0.0)
            return float(found["rate"])

        rates = report.in_turns(5, {what: partial(measure, what) for what in BULKS})
        report.ratio("send_bulk", rates["send_bulk"], "bulk_create", rates["bulk_create"], target=0.76)
        report.ratio("send_bulk", rates["send_bulk"], "post_office send_many", rates["post_office"], target=1.5)
        number = BULKS["send_bulk"]
        report.line(f"send_bulk of {number:,}: {max(grown):.1f} MiB above the base, wanted: at most 32")
    for broker in ("redis", "rabbitmq"):
        with staged(broker) as stage:
            rates = stage.run("benchmarks.recording", "ones")
            ours, bare = rates["send_sms"], rates["insert_and_publish"]
            report.ratio(f"send_sms, {broker}", ours, "INSERT and apply_async", bare, target=0.8)


def bulk(what: str) -> dict[str, float]:
    """Measure one bulk: how many a second, and the memory above the process's base, in MiB."""
    BULK[what](CHUNK)  # connections, caches
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rate = rate_of(BULK[what], BULKS[what])
    return {"rate": rate, "MiB": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) / 1024}


def ones() -> dict[str, list[float]]:
    """Measure those that send one message a call, in turns."""
    for call in ONE.values():
        rate_of(each(call), 20)  # connections, caches
    return report.in_turns(15, {what: partial(rate_of, each(call), 200) for what, call in ONE.items()})


def rate_of(measured: Callable[[int], object], number: int) -> float:
    """Do so many. Returns how many a second that was."""
    began = time.perf_counter()
    measured(number)
    return number / (time.perf_counter() - began)


if __name__ == "__main__":
    enter(os.environ)
    sys.stdout.write(json.dumps(bulk(sys.argv[2]) if sys.argv[1] == "bulk" else ones()) + "\n")
