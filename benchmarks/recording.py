"""Recording: ``send_bulk`` against a bare ``bulk_create`` and django-post_office's ``send_many``; ``send_sms`` against
INSERT and ``apply_async``. ``python -m benchmarks.recording WHAT NUMBER`` measures one, in a process of its own.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable

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


MEASURED: dict[str, Callable[[int], None]] = {
    "bulk_create": bulk_create,
    "send_bulk": send_bulk,
    "post_office": post_office,
    "send_sms": each(send_sms),
    "insert_and_publish": each(insert_and_publish),
}


def compare() -> None:
    """Print the ratios."""
    number = 33_000
    with staged() as stage:
        ours, bare = (stage.run("benchmarks.recording", what, str(number)) for what in ("send_bulk", "bulk_create"))
        peer = stage.run("benchmarks.recording", "post_office", str(number // 3))
        report.ratio("send_bulk", ours["rate"], "bulk_create", bare["rate"], target=0.76)
        report.ratio("send_bulk", ours["rate"], "post_office send_many", peer["rate"], target=1.5)
        report.line(f"send_bulk of 3 x {number:,}: {ours['MiB']:.1f} MiB above the base  (wanted: at most 32)")
    for broker in ("redis", "rabbitmq"):
        with staged(broker) as stage:
            ours, bare = (
                stage.run("benchmarks.recording", what, "1000") for what in ("send_sms", "insert_and_publish")
            )
            report.ratio(f"send_sms, {broker}", ours["rate"], "INSERT and apply_async", bare["rate"], target=0.8)


def main(what: str, number: int) -> None:
    """Measure one of them: the median of three rounds a second, and the memory above the process's base."""
    measured = MEASURED[what]
    measured(CHUNK if what in {"bulk_create", "send_bulk", "post_office"} else 20)  # connections, caches
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rates = []
    for _ in range(3):
        began = time.perf_counter()
        measured(number)
        rates.append(number / (time.perf_counter() - began))
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) / 1024
    sys.stdout.write(json.dumps({"rate": statistics.median(rates), "MiB": memory}) + "\n")


if __name__ == "__main__":
    enter(os.environ)
    main(sys.argv[1], int(sys.argv[2]))
