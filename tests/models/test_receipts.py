"""Whose receipt it is: early, late, twice, reversed, by number, by nobody's smsid, and never backwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_ihuyi.models import Message, Receipt
from django_ihuyi.models.lifecycle import SOURCES, MessageStatus

pytestmark = pytest.mark.django_db(transaction=True)

WINDOW = timedelta(hours=72)
MOBILE = "13800138000"
SMSID = "15870246956696820530"


def make(**fields: Any) -> Message:
    fields = {"mobile": MOBILE, "content": "您好", "submitted_at": timezone.now(), **fields}
    return Message.objects.create(**fields)


def receive(code: int = 2, *, smsid: str = SMSID, mobile: str = MOBILE, at: datetime | None = None) -> bool:
    at = at or timezone.now()
    receipt = Receipt(mobile=mobile, smsid=smsid, code=code, msg="", report_time=at, report_time_text=at.isoformat())
    return Receipt.objects.receive(receipt, window=WINDOW)


RULE = [
    ("delivered", [2], "delivered", 2),
    ("failed", [0], "undelivered", 0),
    ("failed after delivered", [2, 0], "delivered", 2),
    ("delivered after failed", [0, 2], "delivered", 2),
    ("parts of a long text", [2, 0, 2], "delivered", 2),
    ("failed twice: the first word stays", [1, 3], "undelivered", 1),
]


@pytest.mark.parametrize(("codes", "status", "code"), [row[1:] for row in RULE], ids=[row[0] for row in RULE])
def test_one_delivered_outweighs_any_failure(codes: list[int], status: str, code: int) -> None:
    message = make(status="accepted", smsid=SMSID)
    start = timezone.now()
    for index, each in enumerate(codes):
        assert receive(each, at=start + timedelta(seconds=index))
    message.refresh_from_db()
    assert (message.status, message.receipt_code) == (status, code)
    assert message.receipts.count() == len(codes)


def test_a_message_that_the_gateway_gave_no_smsid_finds_no_receipt_by_it() -> None:
    receive(smsid="")
    message = make(status="accepted", smsid=None)
    Receipt.objects.match_kept(message)
    assert not message.receipts.exists()


@pytest.mark.parametrize("status", MessageStatus.values)
def test_what_a_receipt_can_move(status: str) -> None:
    for code, target in ((2, MessageStatus.DELIVERED), (0, MessageStatus.UNDELIVERED)):
        Message.objects.all().delete()
        message = make(status=status, smsid=SMSID)
        receive(code)
        message.refresh_from_db()
        assert message.status == (target if status in SOURCES[target] else status)
        assert message.receipts.count() == 1


def test_the_same_one_again_is_told_apart_from_another() -> None:
    make(status="accepted", smsid=SMSID)
    at = datetime(2026, 11, 22, tzinfo=UTC)
    assert receive(at=at)
    assert not receive(at=at)
    assert receive(at=at + timedelta(seconds=1))
    assert receive(0, at=at)
    assert receive(smsid=SMSID + "1", at=at)
    assert receive(mobile="13900139000", at=at)
    assert Receipt.objects.count() == 5


def test_the_fingerprint_is_made_once() -> None:
    receipt = Receipt.objects.create(mobile=MOBILE, smsid=SMSID, code=2)
    before = receipt.fingerprint
    receipt.code = 0
    receipt.save()
    assert Receipt.objects.get().fingerprint == before


def test_one_that_comes_first_waits_for_the_smsid() -> None:
    receive()
    assert Receipt.objects.get().message is None
    message = make(status="submitting", attempts=1)
    assert message.accept(code=2, msg="", smsid=SMSID, now=timezone.now())
    Receipt.objects.match_kept(message)
    message.refresh_from_db()
    assert message.status == "delivered"


def test_a_wrong_number_matches_nothing_and_is_kept() -> None:
    message = make(status="accepted", smsid=SMSID)
    unknown = make(status="unknown", mobile="13900139000")
    receive(mobile="13900139000")
    message.refresh_from_db()
    unknown.refresh_from_db()
    assert (message.status, unknown.status) == ("accepted", "unknown")
    assert Receipt.objects.get().message is None


BY_NUMBER: list[tuple[str, list[dict[str, Any]], bool]] = [
    ("one unknown", [{"status": "unknown"}], True),
    ("one accepted without an smsid", [{"status": "accepted"}], True),
    ("two unknown", [{"status": "unknown"}, {"status": "unknown"}], False),
    ("one unknown, another on the wire", [{"status": "unknown"}, {"status": "submitting"}], False),
    ("one on the wire", [{"status": "submitting"}], False),
    ("one unknown, others settled", [{"status": "unknown"}, {"status": "accepted", "smsid": "111"}], True),
    ("one unknown, of another number", [{"status": "unknown", "mobile": "13900139000"}], False),
    ("one unknown, too long ago", [{"status": "unknown", "ago": timedelta(hours=73)}], False),
    ("one unknown, just in the window", [{"status": "unknown", "ago": timedelta(hours=71)}], True),
    ("submitted after it came", [{"status": "unknown", "ago": -timedelta(seconds=5)}], False),
    ("the clocks of two servers", [{"status": "unknown", "ago": -timedelta(milliseconds=500)}], True),
    ("queued only", [{"status": "queued", "submitted_at": None}], False),
    ("rejected", [{"status": "rejected"}], False),
]


@pytest.mark.parametrize(("rows", "matches"), [row[1:] for row in BY_NUMBER], ids=[row[0] for row in BY_NUMBER])
@pytest.mark.parametrize("smsid", [SMSID, ""], ids=["nobody's smsid", "no smsid"])
def test_by_number_when_exactly_one_fits(rows: list[dict[str, Any]], matches: bool, smsid: str) -> None:
    now = timezone.now()
    for row in rows:
        fields = dict(row)
        ago = fields.pop("ago", timedelta())
        make(**{"submitted_at": now - ago, **fields})
    receive(smsid=smsid, at=now)
    receipt = Receipt.objects.get()
    assert (receipt.message is not None) == matches
    if receipt.message:
        assert receipt.message.status == "delivered"
        assert receipt.message.smsid == (smsid or None)


@pytest.mark.parametrize(("minutes", "matches"), [(5, True), (11, False)])
def test_the_carriers_clock_may_be_a_little_behind(minutes: int, matches: bool) -> None:
    now = timezone.now()
    message = make(status="unknown", submitted_at=now - timedelta(seconds=2))
    receive(at=now - timedelta(minutes=minutes))
    message.refresh_from_db()
    assert (message.status == "delivered") == matches


def test_a_receipt_without_a_readable_time_counts_from_when_it_came() -> None:
    message = make(status="unknown")
    Receipt.objects.receive(Receipt(mobile=MOBILE, smsid=SMSID, code=2, report_time_text="?"), window=WINDOW)
    message.refresh_from_db()
    assert message.status == "delivered"
    assert message.reported_at is not None


def test_a_message_deleted_under_the_receipt_is_no_duplicate(django_db_blocker: Any) -> None:
    """An integrity error that is not the fingerprint's goes up, so that the gateway pushes again."""
    from django.db import IntegrityError

    receipt = Receipt(mobile=MOBILE, smsid=SMSID, code=2, report_time_text="?")
    receipt.msg = None  # type: ignore[assignment]  # any other constraint will do
    with pytest.raises(IntegrityError):
        Receipt.objects.receive(receipt, window=WINDOW)
