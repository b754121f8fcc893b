"""The sentence at the top of a message's page, for each status."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from pytest_django import Settings

from django_ihuyi.models import AccountState, Message

from .conftest import StaffClient, make_message
from .urls import html, page_url

NOW = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
AT = "2026-03-05 12:00:00"
PAST = NOW - timedelta(hours=30)
THEN = "2026-03-04 06:00:00"
LATER = NOW + timedelta(minutes=5)
SOON = "2026-03-05 12:05:00"

ROWS: dict[str, tuple[dict[str, Any], str, str]] = {
    "queued": ({}, "It waits for a worker to send it.", "check that the Celery workers are running"),
    "queued for later": ({"due_at": LATER}, f"It is to be sent at {SOON}.", "Nothing to do."),
    "queued again": (
        {"due_at": LATER, "attempts": 2},
        f"The last attempt sent nothing; it is tried again at {SOON}.",
        "it is sent again by itself",
    ),
    "queued again, and nobody came": (
        {"due_at": PAST, "attempts": 2},
        f"The last attempt sent nothing; it is due again since {THEN}.",
        "check that Celery beat, or ihuyi_sweep, and a worker are running",
    ),
    "queued, account paused": (
        {"account": "paused"},
        f"It waits: its account “paused” has been paused since {THEN}.",
        "Recharge the account in ihuyi&#x27;s console; waiting messages then go out by themselves. It then goes out by",
    ),
    "queued, account paused without a code": (
        {"account": "silent"},
        "its account “silent”",
        "It then goes out by itself.",
    ),
    "submitting": (
        {"status": "submitting", "submitted_at": NOW, "claimed_until": LATER},
        f"It is being given to the gateway since {AT}; there is no answer yet.",
        f"If no answer is known by {SOON}, its status becomes “unknown”.",
    ),
    "accepted": (
        {"status": "accepted", "accepted_at": NOW, "code": 2, "smsid": "15870246956696820530"},
        f"The gateway took it at {AT}; the carrier has not reported yet.",
        "most receipts come within minutes",
    ),
    "accepted without an smsid": (
        {"status": "accepted", "accepted_at": NOW, "code": 2},
        f"The gateway took it at {AT}; the carrier has not reported yet.",
        "The gateway gave it no smsid",
    ),
    "accepted long ago": (
        {"status": "accepted", "accepted_at": PAST, "code": 2},
        f"The gateway took it at {THEN}; the carrier has not reported yet.",
        "That is long: ask the recipient.",
    ),
    "accepted at no time": (
        {"status": "accepted", "code": 2, "smsid": "15870246956696820530"},
        "The gateway took it at an unknown time;",
        "most receipts come within minutes",
    ),
    "delivered": (
        {"status": "delivered", "reported_at": NOW, "receipt_code": 2, "receipt_msg": "DELIVRD"},
        f"Yes: it reached the phone at {AT}, the carrier reports.",
        "blocked or spam messages",
    ),
    "undelivered, known word": (
        {"status": "undelivered", "reported_at": NOW, "receipt_code": 0, "receipt_msg": "MK:0001"},
        f"No: the carrier reported at {AT} that it could not be delivered. The carrier could not reach the phone",
        "Ask the recipient whether the number is right and the phone is on",
    ),
    "undelivered, unknown word": (
        {"status": "undelivered", "reported_at": NOW, "receipt_code": 0, "receipt_msg": "XY:1"},
        f"No: the carrier reported at {AT} that it could not be delivered.",
        "Ask the recipient whether the number is right; then send a new message.",
    ),
    "undelivered, word of success": (
        {"status": "undelivered", "reported_at": NOW, "receipt_code": 0, "receipt_msg": "DELIVRD"},
        f"No: the carrier reported at {AT} that it could not be delivered.</p>",
        "Ask the recipient whether the number is right; then send a new message.",
    ),
    "rejected": (
        {"status": "rejected", "code": 4074, "msg": "短信内容包含 emoji 符号"},
        "No: the gateway refused it. The text contains an emoji.",
        "Take the emoji out and send a new message.",
    ),
    "rejected, unknown code": (
        {"status": "rejected", "code": 4999, "msg": "频率过快"},
        "No: the gateway refused it. The gateway refused the message with a code that is not in its documents.",
        "Read the gateway&#x27;s own words",
    ),
    "rejected, tried too often": (
        {"status": "rejected", "code": 0, "attempts": 6},
        "No: the gateway could not take it, and it was given up. It was tried 6 times.",
        "Send a new message. If it happens again, ask ihuyi&#x27;s support.",
    ),
    "unknown": (
        {"status": "unknown", "submitted_at": NOW, "error": "read time-out"},
        f"Nobody knows: it was given to the gateway at {AT} and no answer came. It may have gone out.",
        "before sending it again: a second one is charged again",
    ),
    "expired": (
        {"status": "expired", "expires_at": NOW},
        f"No: it was not sent, because its time had run out at {AT}.",
        "Send a new message if it is still of use.",
    ),
    "cancelled": ({"status": "cancelled"}, "No: it was cancelled before it was sent.", "Nothing to do."),
}


@pytest.mark.parametrize(("values", "sentence", "advice"), ROWS.values(), ids=ROWS.keys())
@time_machine.travel(NOW, tick=False)
def test_a_message_says_where_it_stands(
    values: dict[str, Any], sentence: str, advice: str, staff: StaffClient, db: None
) -> None:
    AccountState.objects.create(account="paused", paused_since=PAST, code=4051, msg="剩余条数不足", probe_at=LATER)
    AccountState.objects.create(account="silent", paused_since=PAST)
    AccountState.objects.create(account="default")
    page = html(staff("masked"), page_url(make_message(**values)))
    standing = page[page.index("ihuyi-standing") : page.index("</section>")]
    assert sentence in standing
    assert advice in standing


def test_without_a_push_token_nobody_waits_for_a_report(staff: StaffClient, settings: Settings, db: None) -> None:
    settings.IHUYI = {**settings.IHUYI, "PUSH_TOKENS": []}
    page = html(staff("masked"), page_url(make_message(status="accepted", accepted_at=NOW, code=2, smsid="158")))
    assert "No report can arrive: the setting IHUYI[&#x27;PUSH_TOKENS&#x27;] is empty." in page
    assert "most receipts come" not in page


def test_no_status_is_left_out() -> None:
    assert {values.get("status", "queued") for values, _sentence, _advice in ROWS.values()} == set(
        Message.Status.values
    )


@pytest.mark.parametrize("status", Message.Status.values)
def test_every_status_has_a_badge_with_its_word(status: str, staff: StaffClient, db: None) -> None:
    message = make_message(status=status)
    word = str(Message.Status(status).label)
    client = staff("masked")
    for url in (f"{page_url(message)}", f"{page_url(message)}".removesuffix(f"{message.pk}/change/")):
        page = html(client, url)
        assert f"</span> {word}</span>" in page
        assert '<span class="ihuyi-badge ihuyi-' in page
