"""What retention and the checks cost on a large table: ``python -m benchmarks.purging [rows]``, on PostgreSQL."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable

import django

from tests import services

from . import report
from .sizes import size

FILL = """
insert into django_ihuyi_message (mobile, content, template, category, account, status, code, msg, error, smsid,
    segments, attempts, retries, created_at, due_at, publish_at, publishes, submitted_at, accepted_at, reported_at,
    receipt_code, receipt_msg, metadata, receipt_came_first)
select '138' || lpad((n %% 100000000)::text, 8, '0'), '您的订单 ' || n || ' 已发货', '', 'notification', 'default',
    'delivered', 2, '提交成功', '', (10000000000 + n)::text, 1, 1, 0, t, t, t, 0, t, t, t, 2, 'DELIVRD', '{}', false
from (select n, now() - interval '100 days' + n * interval '100 days' / %s as t from generate_series(1, %s) n) rows
"""
"""Messages of a hundred days, all at their end."""


def main(rows: int) -> None:
    """Measure."""
    services.need("postgresql")
    with services.postgresql_database() as url:
        os.environ["DATABASE_URL"] = url
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        django.setup()
        _measure(rows)
        from django.db import connection

        connection.close()


def _measure(rows: int) -> None:
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.test import override_settings

    from django_ihuyi.models import Message
    from django_ihuyi.monitoring import health, metrics

    from .columns import set_defaults

    call_command("migrate", verbosity=0)
    set_defaults(Message)
    with connection.cursor() as cursor:
        cursor.execute(FILL, [rows, rows])
        cursor.execute("analyze")
    record_only = [name for name in health.all_checks() if name not in {"gateway", "broker"}]
    _time("checks of the tables", lambda: len(health.run_health_checks(only=record_only)))
    _time("metrics", lambda: len(metrics.render()[0]))
    own = {"RETENTION_DAYS": {"notification": 50}, "TEXT_RETENTION_DAYS": 25}
    with override_settings(IHUYI={**settings.IHUYI, **own}):
        _purge()
    report.line(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


def _purge() -> None:
    from django.utils import timezone

    from django_ihuyi.privacy import retention

    for job in retention.jobs(timezone.now()):
        _time(f"{job.name}: counted", job.count)
        longest = 0.0
        done = 0
        started = before = time.perf_counter()
        for number in job.run():
            done += number
            longest, before = max(longest, time.perf_counter() - before), time.perf_counter()
        report.line(f"{job.name}: {done} rows in {before - started:.1f} s, the longest chunk {1000 * longest:.0f} ms")
        _time(f"{job.name}: nothing left to do", lambda job=job: sum(job.run()))  # type: ignore[misc]  # bound now


def _time(what: str, do: Callable[[], int]) -> None:
    started = time.perf_counter()
    result = do()
    report.line(f"{what}: {result} in {1000 * (time.perf_counter() - started):.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else size(1_000_000, 2_000))
