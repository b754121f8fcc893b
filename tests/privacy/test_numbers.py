"""Numbers that are not kept: found by who knows them, read by nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.masking import mask_mobile, without_hash
from django_ihuyi.mobile_hash import hash_mobile, lookup_values
from django_ihuyi.models import Message, Receipt, Reply
from django_ihuyi.privacy import erasure
from django_ihuyi.tasks import purge
from tests.admin.urls import html, list_url, listed, page_url
from tests.pushes.push_client import RECEIPT, REPLY, SMSID, push

MOBILE = "13800138000"
MASKED = "138******00"

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(settings: Settings) -> Message:
    """An old message with its receipt and reply, hashed."""
    settings.IHUYI = {**settings.IHUYI, "HASH_MOBILES_AFTER_DAYS": 5}
    then = timezone.now() - timedelta(days=6)
    times = {"created_at": then, "submitted_at": then, "accepted_at": then}
    message = Message.objects.create(mobile=MOBILE, content="x", status="undelivered", smsid=SMSID, **times)
    Receipt.objects.create(mobile=MOBILE, code=1, smsid=SMSID, received_at=then, message=message)
    Reply.objects.create(mobile=MOBILE, content="好", received_at=then)
    Message.objects.create(mobile=MOBILE, content="new", status="delivered")
    assert purge() == {"message_numbers": 1, "receipt_numbers": 1, "reply_numbers": 1}
    assert purge() == {"message_numbers": 0, "receipt_numbers": 0, "reply_numbers": 0}
    message.refresh_from_db()
    return message


def test_what_stands_there(message: Message, settings: Settings) -> None:
    assert message.mobile == hash_mobile(MOBILE)
    assert (len(message.mobile), mask_mobile(message.mobile), without_hash(message.mobile)) == (32, MASKED, MASKED)
    receipt = Receipt.objects.get()
    receipt.mobile = MOBILE
    assert receipt.fingerprint != receipt.make_fingerprint()
    settings.SECRET_KEY = "another"
    assert hash_mobile(MOBILE) != message.mobile
    assert message.mobile not in lookup_values(MOBILE)
    settings.SECRET_KEY_FALLBACKS = ["tests-only"]
    assert message.mobile in lookup_values(MOBILE)


def test_staff_find_it_by_the_whole_number(message: Message, admin_client: Client) -> None:
    assert len(listed(admin_client, list_url(Message, f"?q={MOBILE}"))) == 2
    assert listed(admin_client, list_url(Message, "?q=13900139000")) == []
    page = html(admin_client, page_url(message))
    assert MASKED in page
    assert message.mobile.partition("#")[2] not in page


@pytest.mark.django_db(transaction=True)
def test_a_late_push_finds_it(message: Message, client: Client) -> None:
    push(client, "receipt", RECEIPT)
    push(client, "reply", REPLY)
    message.refresh_from_db()
    assert (message.status, message.receipts.count(), message.replies.count()) == ("delivered", 2, 1)


def test_a_receipt_that_is_looked_for_again_finds_it(message: Message) -> None:
    receipt = Receipt.objects.create(mobile=MOBILE, smsid=SMSID, code=2, report_time_text="later")
    assert Receipt.objects.match(receipt, window=timedelta(days=3), now=timezone.now())


def test_the_person_can_still_leave(message: Message) -> None:
    assert erasure.count(MOBILE)["django_ihuyi.Message"] == 2
    assert erasure.erase(MOBILE)["django_ihuyi.Message"] == 2
    assert set(Message.objects.values_list("mobile", flat=True)) == {MASKED}
    assert Reply.objects.get().mobile == MASKED
