"""Which files one message crosses, from ``send_sms`` to accepted: ``python -m benchmarks.message_trace``.

A message is sent, submitted as a worker does it, and settled, on SQLite and a stand-in gateway on loopback;
every call of a function of the package is noted. Messages that were sent before have filled the caches: what is counted
is what each message costs, and not what the first one of a process does. ``--receipt`` goes on to the receipt.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from tests.e2e.processes import clean_environment

from .environment import Stage

PACKAGE = Path(__file__).parents[1] / "django_ihuyi"


def trace(action: Callable[[], object]) -> Counter[str]:
    """Count the calls of the package's functions while something is done, in this thread.

    Args:
        action: What is done.

    Returns:
        How many calls went into each file, by its path inside the package, the first file first. A comprehension is
        no call, nor is a generator that goes on.
    """
    calls: Counter[str] = Counter()
    folder = f"{PACKAGE}{os.sep}"

    def note(frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        is_new = event == "call" and frame.f_lasti <= 0
        is_function = not code.co_name.startswith("<") or code.co_name == "<lambda>"
        if is_new and is_function and code.co_filename.startswith(folder):
            calls[code.co_filename.removeprefix(folder)] += 1

    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
    return calls


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the files of one message and how often each is called into. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.message_trace", description=__doc__)
    parser.add_argument("--receipt", action="store_true", help="go on until the receipt made it delivered")
    options = parser.parse_args(arguments)
    calls = trace_message(receipt=options.receipt)
    for name, count in calls.items():
        sys.stdout.write(f"{count:5} {name}\n")
    sys.stdout.write(f"{len(calls)} files, {calls.total()} calls\n")
    return 0


def trace_message(*, receipt: bool = False) -> Counter[str]:
    """Return the calls that one message makes, by file.

    Args:
        receipt: Whether its receipt comes as well.
    """
    with TemporaryDirectory() as folder:
        stage = Stage(clean_environment(), Path(folder))
        try:
            os.environ["BENCH_GATEWAY"] = stage.gateway(0).url
            os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
            os.environ["DATABASE_URL"] = f"sqlite:///{folder}/trace.sqlite3"
            return _trace_message(receipt=receipt)
        finally:
            stage.stop()


def _trace_message(*, receipt: bool) -> Counter[str]:
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client

    from benchmarks.settings import PUSH_TOKEN
    from django_ihuyi import send_sms, tasks
    from django_ihuyi.models import Message

    call_command("migrate", verbosity=0)
    client = Client(headers={"host": "127.0.0.1"})

    def send() -> None:
        message = send_sms("13800138000", "您的订单已发货。")
        tasks.submit_message(message.pk)
        sent.append(message.pk)

    def push() -> None:
        message = Message.objects.get(pk=sent[-1])
        fields = {"code": "2", "msg": "DELIVRD", "mobilephone": message.mobile, "smsid": message.smsid}
        answer = client.post(f"/ihuyi/push/{PUSH_TOKEN}/receipt/", fields)
        if answer.content != b"success":
            raise RuntimeError(f"the receipt was not taken: {answer.status_code}")

    sent: list[int] = []
    for _ in range(2):  # what only the first message of a process does
        send()
        push()
    calls = trace(send)
    if receipt:
        calls += trace(push)
    status = Message.objects.get(pk=sent[-1]).status
    if status != ("delivered" if receipt else "accepted"):
        raise RuntimeError(f"the message is {status}")
    return calls


if __name__ == "__main__":
    raise SystemExit(main())
