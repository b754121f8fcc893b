"""Saying by hand which message a receipt belongs to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.mobile_hash import hash_mobile
from django_ihuyi.models import Message, Receipt
from django_ihuyi.models.message_status import InvalidTransition
from django_ihuyi.models.receipt_matching import candidates, find, match, reason_against
from tests.account_settings import with_products

pytestmark = pytest.mark.django_db

MOBILE = "13800138000"
SMSID = "15870246956696820530"


def make(**values: Any) -> Message:
    """A message that went out."""
    now = timezone.now() - timedelta(minutes=5)
    return Message.objects.create(
        **{"mobile": MOBILE, "content": "x", "status": "unknown", "submitted_at": now, "created_at": now, **values}
    )


def kept(**values: Any) -> Receipt:
    """A receipt that nobody knows the message of."""
    return Receipt.objects.create(**{"mobile": MOBILE, "smsid": SMSID, "code": 2, "msg": "DELIVRD", **values})


@pytest.mark.parametrize(
    ("values", "status", "changed"),
    [
        ({"status": "unknown"}, "delivered", True),
        ({"status": "accepted", "smsid": SMSID}, "delivered", True),
        ({"status": "undelivered"}, "delivered", True),
        ({"status": "delivered"}, "delivered", False),
    ],
    ids=["unknown", "accepted", "undelivered", "delivered"],
)
def test_the_message_follows_the_receipt(values: dict[str, str], status: str, changed: bool) -> None:
    message, receipt = make(**values), kept()
    assert match(receipt, message) is changed
    message.refresh_from_db()
    receipt.refresh_from_db()
    assert message.status == status
    assert (receipt.message_id, receipt.match_at) == (message.pk, None)


def test_delivered_is_never_taken_back() -> None:
    message, receipt = make(status="delivered"), kept(code=0, msg="UNDELIV")
    assert match(receipt, message) is False
    message.refresh_from_db()
    assert message.status == "delivered"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"mobile": "13900139000"}, "another number"),
        ({"smsid": "15870246956696820531"}, "another smsid"),
        ({"status": "queued"}, "not gone out"),
        ({"status": "submitting"}, "not gone out"),
        ({"status": "rejected"}, "not gone out"),
        ({"status": "expired"}, "not gone out"),
        ({"status": "cancelled"}, "not gone out"),
    ],
    ids=["number", "smsid", "queued", "submitting", "rejected", "expired", "cancelled"],
)
def test_what_cannot_be_is_refused(values: dict[str, str], reason: str) -> None:
    message, receipt = make(**values), kept()
    with pytest.raises(InvalidTransition) as caught:
        match(receipt, message)
    assert reason in str(caught.value.reason)
    receipt.refresh_from_db()
    message.refresh_from_db()
    assert receipt.message_id is None
    assert message.status == values.get("status", "unknown")


def test_of_two_people_one_matches() -> None:
    first, second, receipt = make(), make(), kept()
    same = Receipt.objects.get(pk=receipt.pk)
    match(receipt, first)
    with pytest.raises(InvalidTransition):
        match(same, second)
    second.refresh_from_db()
    assert second.status == "unknown"
    assert reason_against(Receipt.objects.get(), second) is not None


def test_the_likeliest_come_first_and_the_impossible_not_at_all(django_assert_num_queries: Any) -> None:
    receipt = kept()
    now = receipt.received_at
    far = make(submitted_at=now - timedelta(hours=3))
    told = make(status="delivered", receipt_code=2, submitted_at=now)
    near = make(submitted_at=now - timedelta(seconds=9))
    named = make(status="accepted", smsid=SMSID, submitted_at=now - timedelta(days=2))
    make(mobile="13900139000")
    make(status="queued")
    make(created_at=now + timedelta(hours=1))
    with django_assert_num_queries(1):
        found = candidates(receipt, most=20)
    assert found == [named, near, far, told]
    assert candidates(receipt, most=2) == [named, near]


@pytest.mark.parametrize(("product", "order"), [("sms", ["default", "voice"]), ("voice", ["voice", "default"])])
def test_messages_of_the_receipts_own_product_come_first(product: str, order: list[str], settings: Settings) -> None:
    settings.IHUYI = with_products(settings.IHUYI)
    now = timezone.now()
    for alias in ("voice", "default"):
        make(account=alias, submitted_at=now)
    receipt = kept(product=product, smsid="", received_at=now)
    offered = candidates(receipt, most=20)
    assert [message.account for message in offered] == order
    # Whoever knows better may say so.
    assert match(receipt, offered[-1])


def test_a_number_that_is_kept_no_more_is_the_same_number() -> None:
    message, receipt = make(mobile=hash_mobile(MOBILE), smsid=SMSID, status="accepted"), kept()
    assert find(receipt, SMSID) == message
    assert candidates(receipt, most=20) == [message]
    assert match(receipt, message)


@pytest.mark.parametrize("text", ["{pk}", " sms {pk} ", "SMS{pk}", SMSID])
def test_a_message_is_named_by_its_number_or_smsid(text: str) -> None:
    message = make(smsid=SMSID)
    assert find(kept(), text.format(pk=message.pk)) == message


@pytest.mark.parametrize("text", ["", "x", "-1", "٣", "9" * 30, "99999999"])
def test_what_names_nothing_finds_nothing(text: str) -> None:
    make(smsid=SMSID)
    assert find(kept(), text) is None
