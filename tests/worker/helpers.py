"""One worker, by hand: what the tests of submission share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django_ihuyi import send_bulk
from django_ihuyi.models import Message
from django_ihuyi.tasks import submit_message


def run_submit(message: Message) -> Message:
    """Run the message's task; the message as it stands afterwards."""
    submit_message(message.pk)
    return Message.objects.get(pk=message.pk)


def bulk(count: int, **arguments: Any) -> list[int]:
    """Record a bulk; the primary keys of its messages."""
    send_bulk(((f"139{number:08}", "您好") for number in range(count)), **arguments)
    return list(Message.objects.order_by("pk").values_list("pk", flat=True))


def statuses() -> dict[str, int]:
    """How many messages are in each status."""
    found: dict[str, int] = {}
    for status in Message.objects.values_list("status", flat=True):
        found[status] = found.get(status, 0) + 1
    return found


@contextmanager
def as_a_worker(task: Any, *args: Any, timelimit: tuple[float | None, float | None] = (None, None)) -> Iterator[None]:
    """Within: the task believes that a worker runs it."""
    task.push_request(called_directly=False, args=list(args), kwargs={}, timelimit=timelimit)
    try:
        yield
    finally:
        task.pop_request()
