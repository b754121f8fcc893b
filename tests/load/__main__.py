"""``python -m tests.load``: fifty pushes at a time while four workers submit, on PostgreSQL and Redis of its own.

Exit status 0: no error and no deadlock, every receipt in the table, every message of the run delivered; 1: not so.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from statistics import quantiles

import django
import requests

from example_project import commands
from example_project.processes import Process, answers_http, logged
from tests.chaos import servers
from tests.chaos.processes import Place
from tests.e2e.processes import clean_environment, manage
from tests.services import MISSING

TOKEN = secrets.token_urlsafe(24)
PUSHERS = 50
SUBMITS_PER_SECOND = 20


def main() -> int:
    """Run once. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.load")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (default: %(default)s)")
    seconds = parser.parse_args().seconds
    root = Path(tempfile.mkdtemp(prefix="ihuyi-load-"))
    place = Place(root)
    try:
        site = start(place)
        good = measure(site, seconds)
    except servers.NotAvailableError as error:
        sys.stdout.write(f"not available: {error}\n")
        shutil.rmtree(root, ignore_errors=True)
        return MISSING
    finally:
        place.end()
    if good:
        shutil.rmtree(root, ignore_errors=True)
    else:
        sys.stdout.write(f"logs and data are in {root}\n")
    return 0 if good else 1


def start(place: Place) -> str:
    """Start everything. Returns the push URL of receipts."""
    environment = clean_environment()
    for prepare in (servers.postgresql, servers.redis):
        server, address = prepare(place)
        environment |= address
        server.start().wait()
    site_port, sandbox_port = place.port(), place.port()
    environment |= {
        "DJANGO_SETTINGS_MODULE": "example_project.settings",
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_hex(32),
        "IHUYI_DEMO_DATA": str(place.folder("data")),
        "IHUYI_ACCOUNT": "cf_load",
        "IHUYI_API_KEY": secrets.token_hex(16),
        "IHUYI_BASE_URL": f"http://127.0.0.1:{sandbox_port}/webservice/sms.php",
        "IHUYI_PUSH_TOKEN": TOKEN,
    }
    os.environ.update(environment)
    django.setup()
    manage(environment, "migrate", "--verbosity=0")
    push_url = f"http://127.0.0.1:{site_port}/ihuyi/push/{TOKEN}/"
    gunicorn = [sys.executable, "-m", "gunicorn", "example_project.wsgi", f"--bind=127.0.0.1:{site_port}"]
    celery = [sys.executable, "-m", "celery", "-A", "example_project.celery", "worker", "--concurrency=4"]
    options = ("--receipt-delay=0.2", "--balance=1000000")
    for process in (
        commands.sandbox(place.logs, sandbox_port, push_url, *options),
        Process("web", [*gunicorn, "--workers=2"], log=place.logs / "web.log", answers=answers_http(site_port)),
        Process("worker", [*celery, "--loglevel=INFO"], log=place.logs / "worker.log", answers=logged(" ready.")),
    ):
        place.supervise(process.name, partial(_same, process), environment).start().wait()
    return f"{push_url}receipt/"


def _same(process: Process, _start: int) -> Process:
    return process


def pushes(numbers: Iterator[int], lock: threading.Lock) -> Iterator[dict[str, str]]:
    """Make receipts: for a message each, every third pushed twice, every fifth of a message nobody knows."""
    while True:
        with lock:
            number = next(numbers)
        fields = {
            "code": "2" if number % 7 else "0",
            "msg": "DELIVRD",
            "mobilephone": "13712345678",
            "smsid": f"{'8' if number % 5 else '9'}{number:015}",
            "report_time": "2026-11-22 12:00:00",
        }
        yield fields
        if number % 3 == 0:
            yield fields


def measure(url: str, seconds: float) -> bool:
    """Push and send for a while, print what came of it, and return whether it was right."""
    from django_ihuyi import send_sms
    from django_ihuyi.models import Message, Receipt

    known = [
        Message(mobile="13712345678", content="x", status="accepted", smsid=f"8{number:015}")
        for number in range(int(seconds) * 1000)
        if number % 5
    ]
    Message.objects.bulk_create(known, batch_size=2000)
    numbers, lock = count(), threading.Lock()
    times: list[float] = []
    answers: Counter[str] = Counter()
    smsids: set[str] = set()
    stop_at = time.monotonic() + seconds

    def push() -> None:
        with requests.Session() as session:
            for fields in pushes(numbers, lock):
                began = time.monotonic()
                if began > stop_at:
                    return
                response = session.post(url, data=fields, timeout=30)
                times.append(time.monotonic() - began)
                answers[f"{response.status_code} {response.text[:20]}"] += 1
                smsids.add(fields["smsid"])

    threads = [threading.Thread(target=push) for _ in range(PUSHERS)]
    for thread in threads:
        thread.start()
    sent = 0
    while time.monotonic() < stop_at:
        send_sms(f"139{sent:08}".replace("1390000", "1391000"), f"load {sent}")
        sent += 1
        time.sleep(1 / SUBMITS_PER_SECOND)
    for thread in threads:
        thread.join(60)
    give_up_at = time.monotonic() + 60
    ours = Message.objects.filter(content__startswith="load ")
    while ours.exclude(status="delivered").exists() and time.monotonic() < give_up_at:
        time.sleep(0.5)
    cuts = quantiles(times, n=100)
    figures = {
        "pushes at a time": PUSHERS,
        "pushes": len(times),
        "pushes a second": round(len(times) / seconds),
        "p50, p95, p99, slowest (ms)": " ".join(
            f"{1000 * value:.0f}" for value in (cuts[49], cuts[94], cuts[98], max(times))
        ),
        "answers": dict(answers),
        "receipts pushed, and not in the table once": (
            len(smsids),
            len(smsids) - Receipt.objects.filter(mobile="13712345678").values("smsid").distinct().count(),
        ),
        "messages sent meanwhile, and not delivered": (sent, ours.exclude(status="delivered").count()),
        "deadlocks": deadlocks(),
    }
    for name, value in figures.items():
        sys.stdout.write(f"{name:45} {value}\n")
    right = set(answers) == {"200 success"} and not figures["deadlocks"]
    return right and not ours.exclude(status="delivered").exists()


def deadlocks() -> int:
    """Return how many PostgreSQL has counted in this database."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    raise SystemExit(main())
