"""What the demo consists of: the commands of the sandbox gateway, the worker and the site."""

from __future__ import annotations

import secrets
import signal
import sys
from pathlib import Path

from .processes import ROOT, Process, answers_http, logged

_MANAGE = [sys.executable, str(ROOT / "example_project" / "manage.py")]


def sandbox(logs: Path, port: int, push_url: str, *options: str) -> Process:
    """Describe the sandbox gateway.

    Args:
        logs: The folder of its log.
        port: Where it listens.
        push_url: The site's address for pushes, token included.
        *options: Further options of the command.
    """
    command = [*_MANAGE, "ihuyi_sandbox", f"--port={port}", f"--push-url={push_url}", *options]
    return Process("sandbox gateway", command, log=logs / "sandbox.log", answers=answers_http(port))


def worker(logs: Path, *options: str, name: str = "worker", beat: bool = True) -> Process:
    """Describe a Celery worker.

    Args:
        logs: The folder of its log.
        *options: Further options of the command.
        name: What people call it.
        beat: Whether it has the scheduler.
    """
    command = [sys.executable, "-m", "celery", "-A", "example_project.celery", "worker", "--loglevel=INFO"]
    # It need not know of others; but RabbitMQ takes no two of one name, and others may run on the same.
    command += ["--concurrency=2", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    command += [f"--hostname={name}@{secrets.token_hex(4)}", *(["--beat"] if beat else []), *options]
    return Process(name, command, log=logs / f"{name}.log", answers=logged(" ready."))


def site(logs: Path, port: int) -> Process:
    """Describe the site, on Django's development server.

    Args:
        logs: The folder of its log.
        port: Where it listens.
    """
    command = [*_MANAGE, "runserver", "--noreload", f"127.0.0.1:{port}"]
    # The development server ends cleanly on Ctrl-C only.
    return Process("site", command, log=logs / "site.log", answers=answers_http(port), stop_signal=signal.SIGINT)
