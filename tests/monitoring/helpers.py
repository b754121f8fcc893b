"""The command, run by hand, and rows that it looks at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.utils import timezone

from django_ihuyi.models import AccountState, Heartbeat, Message, Receipt


def ago(**length: float) -> datetime:
    return timezone.now() - timedelta(**length)


def run(*arguments: str) -> tuple[int, str]:
    """Run the command; its exit status and what it printed."""
    out = StringIO()
    status = 0
    try:
        call_command("ihuyi_check", *arguments, stdout=out)
    except SystemExit as ended:
        status = int(str(ended.code))
    return status, out.getvalue()


def message(**values: Any) -> None:
    Message.objects.create(**{"mobile": "13800138000", "content": "您好", **values})


def due(seconds: float) -> Callable[[], None]:
    return lambda: message(due_at=ago(seconds=seconds), publish_at=ago(seconds=seconds))


def accepted(number: int, hours: float, last_receipt: float | None = None) -> Callable[[], None]:
    def make() -> None:
        for _number in range(number):
            message(status="accepted", accepted_at=ago(hours=hours))
        if last_receipt is not None:
            Receipt.objects.create(mobile="1", code=2, received_at=ago(hours=last_receipt))

    return make


def paused(code: int | None) -> Callable[[], None]:
    def make() -> None:
        AccountState.objects.create(account="default", paused_since=ago(minutes=1), code=code)

    return make


def heart(name: str, **seconds_ago: float) -> Callable[[], None]:
    def make() -> None:
        Heartbeat.objects.create(name=name, **{field: ago(seconds=value) for field, value in seconds_ago.items()})

    return make
