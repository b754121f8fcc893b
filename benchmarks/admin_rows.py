"""Millions of rows for the admin's pages, made by PostgreSQL itself: half a year of a busy site, or fewer days.

What filters find hard is among them: campaigns long ago, an account with old messages only, one with none, a number
that gets thousands of texts, statuses of one in two thousand.
"""

from __future__ import annotations

from typing import Any

BUSY = "13800138000"
"""A number with a share of one in five hundred messages."""

# Of a thousand messages: 930 delivered, 30 undelivered, 20 rejected, 15 never reported ... The newest are on their way.
_MESSAGES = """
INSERT INTO django_ihuyi_message (id, mobile, content, template, category, account, status, code, msg, error, smsid,
    segments, attempts, retries, created_at, due_at, publish_at, publishes, submitted_at, accepted_at, reported_at,
    receipt_code, receipt_msg, metadata, receipt_came_first, batch_id)
SELECT i,
    CASE WHEN h %% 500 = 7 THEN %(busy)s ELSE '1' || (3000000000 + (h::bigint * 7919) %% 3000000)::text END,
    CASE WHEN batch IS NULL AND h %% 10 < 6 THEN '您的验证码是：•••••。请不要把验证码泄露给其他人。'
        ELSE '您的订单 ' || i || ' 已发货，快递单号 SF' || (1390000000 + i) || '，请注意查收。' END,
    '',
    CASE WHEN batch IS NOT NULL THEN 'marketing' WHEN h %% 10 < 6 THEN 'verification' ELSE 'notification' END,
    CASE WHEN i < %(rows)s / 200 THEN 'old' ELSE 'default' END,
    status,
    CASE WHEN status IN ('delivered', 'undelivered', 'accepted') THEN 2
        WHEN status = 'rejected' THEN (ARRAY[4085, 407, 4072, 4030, 4082, 406, 40722, 9999])[1 + h / 1000 %% 8] END,
    CASE WHEN status IN ('delivered', 'undelivered', 'accepted') THEN '提交成功' ELSE '' END,
    CASE WHEN status = 'unknown' THEN 'The answer did not come in time.' ELSE '' END,
    CASE WHEN status IN ('delivered', 'undelivered', 'accepted') THEN (15870246956000000000 + i)::text END,
    1 + (h %% 20 = 3)::int, (status NOT IN ('queued', 'expired', 'cancelled'))::int, 0,
    at, at, at + interval '1 minute', 0,
    CASE WHEN status NOT IN ('queued', 'expired', 'cancelled') THEN at + interval '1 second' END,
    CASE WHEN status IN ('delivered', 'undelivered', 'accepted') THEN at + interval '2 seconds' END,
    CASE WHEN status IN ('delivered', 'undelivered') THEN at + interval '9 seconds' END,
    CASE status WHEN 'delivered' THEN 2 WHEN 'undelivered' THEN 0 END,
    CASE status WHEN 'delivered' THEN 'DELIVRD' WHEN 'undelivered' THEN 'UNDELIV' ELSE '' END,
    '{}', false, batch
FROM (
    SELECT i, h, at, batch, CASE
        WHEN i > %(rows)s - 2000 THEN 'queued' WHEN i > %(rows)s - 2100 THEN 'submitting'
        WHEN i > %(rows)s - 6000 THEN 'accepted'
        WHEN s < 20000 THEN 'rejected' WHEN s < 50000 THEN 'undelivered' WHEN s < 65000 THEN 'accepted'
        WHEN s < 67000 THEN 'expired' WHEN s < 68000 THEN 'cancelled' WHEN s < 68500 THEN 'unknown'
        ELSE 'delivered' END AS status
    FROM (
        SELECT i, h, %(end)s - (%(rows)s - i) * (interval '1 day' * %(days)s / %(rows)s) AS at,
            h %% 1000000 AS s,
            CASE WHEN i > %(rows)s / 10 AND i <= %(rows)s / 5 THEN 1 WHEN i > %(rows)s / 5 AND i <= %(rows)s / 4 THEN 2
            END AS batch
        FROM (SELECT i, abs(hashint8(i)::bigint) AS h FROM generate_series(%(first)s, %(last)s) AS i) AS hashed
    ) AS placed
) AS judged
"""

_RECEIPTS = """
INSERT INTO django_ihuyi_receipt (mobile, smsid, received_at, fingerprint, product, code, msg, report_time,
    report_time_text, message_id)
SELECT mobile, smsid, reported_at + interval '1 second', md5(id::text) || md5(smsid), 'sms', receipt_code, receipt_msg,
    reported_at, to_char(reported_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS'),
    CASE WHEN id %% %(odd)s = 1 THEN NULL ELSE id END
FROM django_ihuyi_message WHERE reported_at IS NOT NULL ORDER BY id
"""

_REPLIES = """
INSERT INTO django_ihuyi_reply (mobile, smsid, received_at, fingerprint, content, reply_time, reply_time_text,
    message_id)
SELECT mobile, smsid, reported_at + interval '1 hour', md5(id::text) || md5(smsid), '收到谢谢', reported_at, '', id
FROM django_ihuyi_message WHERE reported_at IS NOT NULL AND id %% 50 = 0 ORDER BY id
"""

_CODES = """
INSERT INTO ihuyi_verification_verificationcode (mobile, purpose, nonce, length, address, network, created_at,
    expires_at, entered_at, message_id, tries, sends, decoy)
SELECT mobile, 'sign-up', 'f00d', 6, '203.0.113.' || id %% 250, '', created_at, created_at + interval '5 minutes',
    created_at + interval '1 minute', id, 1, 1, false
FROM django_ihuyi_message WHERE category = 'verification' AND id %% 5 = 0 ORDER BY id
"""

_BALANCES = """
INSERT INTO django_ihuyi_balancereading (account, remaining, read_at)
SELECT account, 1000 + (n %% 2000) * 37, %(end)s - n * interval '10 minutes'
FROM generate_series(0, %(days)s * 144) AS n, (VALUES ('default'), ('old')) AS a (account) ORDER BY n DESC
"""

_STEP = 500_000
_ODD = 10_007
"""One receipt in so many has no message; of few rows, one in a hundred."""

Statement = tuple[str, dict[str, Any] | None]


def fill(cursor: Any, rows: int, days: int) -> None:  # noqa: ANN401  a driver's
    """Make the rows in the empty tables of a new database.

    Args:
        cursor: A cursor of a superuser of PostgreSQL, outside of a transaction.
        rows: How many messages, 10,000 or more; nearly as many receipts come with them.
        days: How many days they are spread over.
    """
    from django_ihuyi import models
    from django_ihuyi.verification.models import VerificationCode

    from .columns import set_defaults

    written = (models.Batch, models.Message, models.Receipt, models.Reply, VerificationCode)
    set_defaults(*written, models.BalanceReading)
    # Foreign keys are right by themselves, and to look each of them up would take longer than all the rest.
    cursor.execute("SET session_replication_role = replica")
    cursor.execute("SELECT date_trunc('second', now())")
    (end,) = cursor.fetchone()
    cursor.execute(
        "INSERT INTO django_ihuyi_batch (id, category, account, created_at, finished_at, recorded, refused, error)"
        " SELECT n, 'marketing', 'default', %(end)s - interval '1 day' * %(days)s * back,"
        " %(end)s - interval '1 day' * %(days)s * over, %(rows)s * (back - over), 0, ''"
        " FROM (VALUES (1, 0.9, 0.8), (2, 0.8, 0.75)) AS b (n, back, over)",
        {"end": end, "days": days, "rows": rows},
    )
    tables: dict[str, list[Statement]] = {
        "message": _messages(rows, days, end),
        "receipt": [(_RECEIPTS, {"odd": min(_ODD, rows // 100)})],
        "reply": [(_REPLIES, None)],
        "verificationcode": [(_CODES, None)],
    }
    for table, statements in tables.items():
        _without_indexes(cursor, f"django_ihuyi_{table}", statements)
    cursor.execute("SELECT setval(pg_get_serial_sequence('django_ihuyi_message', 'id'), %s)", [rows])
    cursor.execute("SELECT setval(pg_get_serial_sequence('django_ihuyi_batch', 'id'), 2)")
    cursor.execute(_BALANCES, {"end": end, "days": days})
    cursor.execute("SET session_replication_role = DEFAULT")
    cursor.execute("VACUUM ANALYZE")


def count(cursor: Any) -> int:  # noqa: ANN401  a driver's
    """Have the figures counted as the sweep counts them.

    Args:
        cursor: A cursor outside of a transaction.

    Returns:
        How many half-hours there are.
    """
    from django.utils import timezone

    from django_ihuyi.dashboard.counters import count_due
    from django_ihuyi.dashboard.models import TallySlot

    now = timezone.now()
    while count_due(now)[1]:
        pass
    # As the server does by itself, but later.
    cursor.execute("VACUUM ANALYZE")
    return TallySlot.objects.count()


def _messages(rows: int, days: int, end: object) -> list[Statement]:
    fixed = {"rows": rows, "days": days, "busy": BUSY, "end": end}
    return [
        (_MESSAGES, {**fixed, "first": first, "last": min(first + _STEP - 1, rows)})
        for first in range(1, rows + 1, _STEP)
    ]


def _without_indexes(cursor: Any, table: str, statements: list[Statement]) -> None:  # noqa: ANN401  a driver's
    """Run statements that fill a table, its indexes made after and not with every row."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        [table],
    )
    indexes = cursor.fetchall()
    for name, _definition in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    for statement, values in statements:
        cursor.execute(statement.replace("%%", "%") if values is None else statement, values)
    cursor.execute("SET maintenance_work_mem = '512MB'")
    for _name, definition in indexes:
        cursor.execute(definition)
