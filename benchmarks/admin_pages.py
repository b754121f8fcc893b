"""The admin's pages at ten million messages, beside plain Django's list of the same table: ``make bench-admin``.

It makes a database of its own, which takes ten minutes and 10 GB, or uses the one that ``--database`` names. It prints
a line a page; the plan of every query goes into the file that ``--report`` names. To measure one more page, add it to
:func:`pages`.
"""

from __future__ import annotations

import argparse
import platform
import resource
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from urllib.parse import urlencode

import django

from tests import services
from tests.e2e.processes import clean_environment

from . import admin_rows, report
from .environment import enter, migrate
from .sizes import size

if TYPE_CHECKING:
    from django.test import Client

LIMIT = 300
"""Milliseconds that a page may take at the server."""
TIMES = 7
"""How often each page is asked for; the first time, which reads from disk, is told by itself."""


@dataclass(frozen=True)
class Page:
    """A page to measure, and plain Django's page of the same rows where there is one."""

    name: str
    url: str
    plain: str = ""


@dataclass(frozen=True)
class Figures:
    """What a page cost: milliseconds of the first time and in the median of the others, and its queries."""

    first: float
    median: float
    queries: list[dict[str, str]]


def pages() -> Iterator[Page]:
    """Say which pages are measured."""
    from django.urls import reverse
    from django.utils import timezone

    from django_ihuyi.dashboard.date_ranges import NAMES
    from django_ihuyi.models import Batch, Message, Receipt, Reply
    from django_ihuyi.verification.models import VerificationCode

    rows = Message.objects.order_by("-id")
    middle = rows[0].pk // 2
    found = Message.objects.get(pk=middle)
    since = timezone.localtime() - timedelta(days=60)
    until = since + timedelta(days=30)
    days: dict[str, object] = {
        "created_at__gte": since.isoformat(),
        "created_at__lt": until.isoformat(),
    }
    ours, plain = "admin:django_ihuyi_message_changelist", "plain:django_ihuyi_message_changelist"
    queries: dict[str, dict[str, object]] = {
        "list": {},
        "list, page 200": {"p": 200},
        "search: a number": {"q": found.mobile},
        "search: a number of many messages": {"q": admin_rows.BUSY},
        "search: smsid": {"q": found.smsid or "15870246956000000002"},
        "search: nothing found": {"q": "19912345678"},
        **{f"status {status}": {"status__exact": status} for status in ("delivered", "unknown", "queued")},
        "status rejected, 30 days of the past": {"status__exact": "rejected", **days},
        "category, often": {"category__exact": "verification"},
        "category, long ago": {"category__exact": "marketing"},
        "account, long ago": {"account": "old"},
        "account, never": {"account": "unused"},
        "code 2": {"code": 2},
        "code 4085": {"code": 4085},
        "codes not in the table": {"code": "other"},
        "batch of a tenth of the messages": {"batch": 1},
        "no receipt yet": {"receipt": "missing"},
        "unknown, waited for": {"given_up": "no"},
        "30 days of the past": days,
    }
    for name, query in queries.items():
        asked = urlencode(query)
        # Plain Django's list understands the others only by other names.
        same = query.keys() <= {"q", "status__exact", "category__exact", "created_at__gte", "created_at__lt"}
        yield Page(name, f"{reverse(ours)}?{asked}", f"{reverse(plain)}?{asked}" if same else "")
    yield Page(
        "one message",
        reverse("admin:django_ihuyi_message_change", args=[middle]),
        reverse("plain:django_ihuyi_message_change", args=[middle]),
    )
    for model in (Receipt, Reply, VerificationCode, Batch):
        names = model._meta
        yield Page(f"list of {names.model_name}", reverse(f"admin:{names.app_label}_{names.model_name}_changelist"))
    receipts = reverse("admin:django_ihuyi_receipt_changelist")
    yield Page("receipts without a message", f"{receipts}?matched=no")
    yield Page("receipts, undelivered", f"{receipts}?outcome=undelivered")
    long_ago = urlencode({"outcome": "undelivered", "received_at__lt": until.isoformat()})
    yield Page("receipts, undelivered, long ago", f"{receipts}?{long_ago}")
    yield Page("receipts, search: a number", f"{receipts}?q={found.mobile}")
    lost = Receipt.objects.filter(message=None).order_by("id")[0]
    yield Page("matching a receipt", reverse("admin:django_ihuyi_receipt_match", args=[lost.pk]))
    dashboard = reverse("admin:ihuyi_dashboard_dashboard_changelist")
    for name in NAMES:
        yield Page(f"dashboard, {name}", f"{dashboard}?range={name}")
    half_a_year = urlencode({"from": f"{since - timedelta(days=110):%Y-%m-%d}", "to": f"{timezone.localdate()}"})
    yield Page("dashboard, days of one's own: half a year", f"{dashboard}?{half_a_year}")
    yield Page("batch of a tenth of the messages: its page", reverse("admin:django_ihuyi_batch_change", args=[1]))
    busy = Message.objects.filter(mobile=admin_rows.BUSY).order_by("-id")[0]
    yield Page("conversation of many messages", reverse("admin:django_ihuyi_conversation", args=["message", busy.pk]))
    replies = reverse("admin:django_ihuyi_reply_changelist")
    yield Page("replies, unread", f"{replies}?unread=yes")
    yield Page("list of balances", reverse("admin:django_ihuyi_balancereading_changelist"))
    balances = reverse("admin:django_ihuyi_balancereading_reconciliation")
    yield Page("balances against messages, 90 days", f"{balances}?range=90d")
    exported = reverse("admin:django_ihuyi_message_export")
    yield Page("asking for an export", exported)
    yield Page("asking for an export, account never", f"{exported}?account=unused")


def measure(client: Client, url: str, times: int) -> Figures:
    """Ask for a page again and again."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    took = []
    with CaptureQueriesContext(connection) as captured:
        began = time.perf_counter()
        answer = client.get(url)
        took.append((time.perf_counter() - began) * 1000)
        # Read now: each request begins a new record of them.
        queries = list(captured.captured_queries)
    if answer.status_code != 200:
        raise AssertionError(f"{url} answered {answer.status_code}")
    for _ in range(times - 1):
        began = time.perf_counter()
        client.get(url)
        took.append((time.perf_counter() - began) * 1000)
    return Figures(took[0], statistics.median(took[1:] or took), queries)


def explain(name: str, figures: Figures, file: TextIO) -> None:
    """Write the plan of each of a page's queries."""
    from django.db import connection

    file.write(f"\n## {name}: {figures.median:.0f} ms, {len(figures.queries)} queries\n")
    for query in figures.queries:
        if not query["sql"].startswith("SELECT"):
            continue
        with connection.cursor() as cursor:
            # The statement as the driver sent it, its values written in: nothing here comes from outside.
            cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + query["sql"].replace("%", "%%"), [])
            plan = "\n".join(row[0] for row in cursor.fetchall())
        file.write(f"\n{query['sql']}\n{plan}\n")


def export(client: Client, rows: int) -> None:
    """Have a million rows as CSV, and as many as there may be as XLSX."""
    from django.http import StreamingHttpResponse
    from django.urls import reverse

    from django_ihuyi.admin.export.files import XLSX_MAX_ROWS
    from django_ihuyi.models import Message

    since = Message.objects.get(pk=rows - min(rows - 1, 1_000_000)).created_at
    url = f"{reverse('admin:django_ihuyi_message_export')}?{urlencode({'created_at__gte': since.isoformat()})}"
    for kind in ("csv", "xlsx"):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        answer = client.post(url, {"format": kind, "texts": "yes"})
        assert isinstance(answer, StreamingHttpResponse)
        pieces = iter(answer)
        size = len(next(pieces))
        first = time.perf_counter() - began
        size += sum(map(len, pieces))
        took = time.perf_counter() - began
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        number = min(rows, 1_000_000) if kind == "csv" else min(rows, XLSX_MAX_ROWS)
        report.line(
            f"export of {number:,} rows as {kind.upper()}: {took:.1f} s ({number / took:,.0f} rows/s), first byte "
            f"after {first:.2f} s, {size / 2**20:.0f} MiB, memory grown by {grown:.1f} MiB"
        )


def run(rows: int, times: int, plain_times: int, report_file: Path) -> int:
    """Measure every page. Returns the exit status: 1 where a page takes too long."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client

    client = Client()
    client.force_login(User.objects.get_or_create(username="bench", is_staff=True, is_superuser=True)[0])
    with connection.cursor() as cursor:
        cursor.execute("SELECT version()")
        (version,) = cursor.fetchone()
    report.line(
        f"{rows:,} messages, {version.split(',')[0]}, Python {platform.python_version()}, "
        f"Django {django.__version__}, {platform.machine()}"
    )
    report.line(f"{'page':40} {'ms':>8} {'first':>8} {'queries':>8}   {'plain Django, ms':>16} {'queries':>8}")
    slow = 0
    measured = list(pages())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with report_file.open("w", encoding="utf-8") as file:
        for page in measured:
            figures = measure(client, page.url, times)
            explain(page.name, figures, file)
            line = f"{page.name:40} {figures.median:8.0f} {figures.first:8.0f} {len(figures.queries):8}"
            if page.plain and plain_times:
                theirs = measure(client, page.plain, plain_times)
                line += f"   {theirs.median:16.0f} {len(theirs.queries):8}"
            report.line(f"{line}{'' if figures.median <= LIMIT else '   too slow'}")
            slow += figures.median > LIMIT
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    report.line(f"memory grown by {grown:.1f} MiB over all of these; plans of the queries: {report_file}")
    export(client, rows)
    return 1 if slow else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the rows where there are none, and measure. Returns the exit status: 1 where a page takes too long."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.admin_pages", description=__doc__)
    parser.add_argument("--rows", type=int, default=size(10_000_000, 12_000), help="messages to make")
    parser.add_argument("--days", type=int, default=size(180, 2), help="how many days they are spread over")
    parser.add_argument("--database", help="an address of a database that is kept; empty, or filled by a run before")
    parser.add_argument("--report", type=Path, default=Path("admin-pages.txt"), help="where the plans are written")
    parser.add_argument("--times", type=int, default=size(TIMES, 1), help="how often each page is asked for")
    parser.add_argument("--plain", type=int, default=size(2, 1), help="how often plain Django's is; 0: never")
    options = parser.parse_args(arguments)
    services.need("postgresql")
    with ExitStack() as stack:
        url = options.database or stack.enter_context(services.postgresql_database())
        environment = clean_environment() | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "benchmarks.admin_settings"}
        migrate(environment)
        enter(environment)
        from django.db import connection

        from django_ihuyi.models import Message

        newest = Message.objects.order_by("-id").first()
        if newest is None:
            report.line(f"making {options.rows:,} messages ...")
            with connection.cursor() as cursor:
                admin_rows.fill(cursor, options.rows, options.days)
                began = time.perf_counter()
                slots = admin_rows.count(cursor)
            took = time.perf_counter() - began
            report.line(f"counted {slots:,} half-hours in {took:.0f} s, {took / slots * 1000:.0f} ms each")
        status = run(newest.pk if newest else options.rows, options.times, options.plain, options.report)
        connection.close()
        return status


if __name__ == "__main__":
    sys.exit(main())
