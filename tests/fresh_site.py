"""A site in a process of its own, whose Celery application is made after Django is set up: it sends a message and
prints what came of it, and where it tried to connect to."""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

import django
from celery import Celery
from django.conf import settings
from django.core.management import call_command

from django_ihuyi.gateway import Client, SubmitResult

NOWHERE = "redis://127.0.0.1:9/0"
"""Nothing listens there."""
connects: list[str] = []


class Accepting(Client):
    """Takes every message."""

    def submit(self, mobile: str, content: str, template: int | str | None = None) -> SubmitResult:
        """Take a message."""
        return SubmitResult(2, "", "158")


def _refuse(_socket: socket.socket, address: Any) -> None:
    connects.append(str(address))
    raise ConnectionRefusedError


def main(mode: str) -> None:
    """Send a message.

    Args:
        mode: ``eager``, or anything else for a broker in memory.
    """
    account = {"ACCOUNT": "a", "API_KEY": "k", "CLIENT": f"{Accepting.__module__}.Accepting"}
    settings.configure(
        SECRET_KEY="only-for-tests",
        USE_TZ=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django_ihuyi", "django_ihuyi.webhooks"],
        IHUYI={"ACCOUNTS": {"default": account}},
    )
    django.setup()
    eager = mode == "eager"
    app = Celery("fresh", broker=NOWHERE if eager else "memory://", backend=NOWHERE)
    app.conf.task_always_eager = eager
    call_command("migrate", verbosity=0)
    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, _refuse)
    from django_ihuyi import send_sms

    message = send_sms("13800138000", "您好")
    message.refresh_from_db()
    tasks = sorted(name for name in app.tasks if name.startswith("django_ihuyi"))
    json.dump({"status": message.status, "connects": connects, "tasks": tasks}, sys.stdout)
