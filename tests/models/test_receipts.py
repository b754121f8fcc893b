"""Whose receipt it is: early, late, twice, reversed, by number, by nobody's smsid, and never backwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from time_machine import travel

from django_ihuyi import maintenance
from django_ihuyi.models import Message, Receipt
from django_ihuyi.models.message_status import TRANSITIONS, MessageStatus
from tests.fakes import FakeBroker

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
    Receipt.objects.match_again(message)
    assert not message.receipts.exists()


@pytest.mark.parametrize("status", MessageStatus.values)
def test_what_a_receipt_can_move(status: str) -> None:
    for code, target in ((2, MessageStatus.DELIVERED), (0, MessageStatus.UNDELIVERED)):
        Message.objects.all().delete()
        message = make(status=status, smsid=SMSID)
        receive(code)
        message.refresh_from_db()
        assert message.status == (target if status in TRANSITIONS[target] else status)
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
    Receipt.objects.match_again(message)
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
    ("one unknown, by a clock 5 s ahead", [{"status": "unknown", "ago": -timedelta(seconds=5)}], True),
    ("one unknown, by a clock 4 min ahead", [{"status": "unknown", "ago": -timedelta(minutes=4)}], True),
    ("one unknown, by a clock 6 min ahead", [{"status": "unknown", "ago": -timedelta(minutes=6)}], False),
    ("one accepted, by a clock 4 min ahead", [{"status": "accepted", "ago": -timedelta(minutes=4)}], True),
    *(
        (
            f"one unknown, another on the wire, by a clock {ahead} s ahead",
            [
                {"status": "unknown", "ago": timedelta(hours=1)},
                {"status": "submitting", "ago": -timedelta(seconds=ahead)},
            ],
            False,
        )
        for ahead in (2, 290, 310, 86_400)
    ),
    (
        "one unknown, another unknown by a clock 4 min ahead",
        [{"status": "unknown", "ago": timedelta(hours=1)}, {"status": "unknown", "ago": -timedelta(minutes=4)}],
        False,
    ),
    (
        "one unknown, another on the wire for a week",
        [{"status": "unknown"}, {"status": "submitting", "ago": timedelta(days=7)}],
        False,
    ),
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


@pytest.mark.parametrize(("ahead", "matches"), [(0.5, True), (5, False), (240, False)])
def test_a_kept_receipt__submitted_after_it_came__is_not_matched(ahead: float, matches: bool) -> None:
    """What was not on the wire when a receipt came is told by the clocks only as far as they can be trusted."""
    receive()
    receipt = Receipt.objects.get()
    message = make(status="unknown", submitted_at=receipt.received_at + timedelta(seconds=ahead))
    assert Receipt.objects.match(receipt, window=WINDOW, now=timezone.now()) is matches
    message.refresh_from_db()
    assert (message.status == "delivered") is matches


def test_a_kept_receipt__among_many_unknown_to_its_number__is_matched_by_smsid() -> None:
    receive()
    for _number in range(12):
        make(status="unknown")
    message = make(status="accepted", smsid=SMSID)
    Receipt.objects.match(Receipt.objects.get(), window=WINDOW, now=timezone.now())
    assert Receipt.objects.get().message == message


def test_a_kept_receipt__of_an_smsid_of_many_numbers__is_matched_by_both() -> None:
    """As a marketing account's: one smsid for all numbers of a request."""
    for number in range(12):
        make(status="accepted", smsid=SMSID, mobile=f"139001390{number:02}")
    receive()
    message = make(status="accepted", smsid=SMSID)
    Receipt.objects.match(Receipt.objects.get(), window=WINDOW, now=timezone.now())
    assert Receipt.objects.get().message == message


STORED = {
    "year 1": datetime(1, 1, 2, tzinfo=UTC),
    "1970": datetime(1970, 1, 1, tzinfo=UTC),
    "year 9999": datetime(9999, 12, 30, tzinfo=UTC),
    "next week": timezone.now() + timedelta(days=7),
}


@pytest.mark.parametrize("report_time", STORED.values(), ids=STORED)
@pytest.mark.parametrize("smsid", [SMSID, ""], ids=["nobody's smsid", "no smsid"])
def test_a_stored_receipt__of_an_implausible_time__is_matched_by_its_arrival(report_time: datetime, smsid: str) -> None:
    receipt = Receipt.objects.create(
        mobile=MOBILE, smsid=smsid, code=2, report_time=report_time, match_at=timezone.now()
    )
    assert not Receipt.objects.match(receipt, window=WINDOW, now=timezone.now())
    message = make(status="unknown")
    assert Receipt.objects.match(receipt, window=WINDOW, now=timezone.now())
    message.refresh_from_db()
    assert (message.status, message.reported_at) == ("delivered", Receipt.objects.get().received_at)


@pytest.mark.parametrize("report_time", STORED.values(), ids=STORED)
def test_the_sweep__at_a_receipt_of_an_implausible_time__matches_those_behind_it(report_time: datetime) -> None:
    long_ago = timezone.now() - timedelta(minutes=2)
    Receipt.objects.create(
        mobile="13900139000", smsid="1", code=2, report_time=report_time, received_at=long_ago, match_at=long_ago
    )
    Receipt.objects.create(mobile=MOBILE, smsid=SMSID, code=2, received_at=long_ago, match_at=timezone.now())
    message = make(status="accepted", smsid=SMSID)
    assert maintenance.sweep()["matched"] == 1
    message.refresh_from_db()
    assert message.status == "delivered"


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


class Killed(BaseException):
    """The process dies."""


def test_early_receipt__whose_process_dies_after_it_is_kept__is_matched_by_a_sweep(broker: FakeBroker) -> None:
    kept: list[bool] = []

    def die_after_insert(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if kept and "SAVEPOINT" not in sql:
            raise Killed
        if sql.startswith("INSERT") and Receipt._meta.db_table in sql:
            kept.append(True)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(die_after_insert), pytest.raises(Killed):
        receive()
    make(status="accepted", smsid=SMSID)
    with travel(timezone.now() + timedelta(seconds=16), tick=False):
        assert maintenance.sweep()["matched"] == 1
    assert Message.objects.get().status == "delivered"
