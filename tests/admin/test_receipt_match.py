"""Matching a receipt by hand: offered, looked at, confirmed, logged."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.urls import reverse

from django_ihuyi.models import Message, Receipt
from django_ihuyi.privacy.audit import VIEWED

from .conftest import MASKED, MOBILE, SMSID, StaffClient, make_message, make_receipt
from .urls import html, page_url

pytestmark = pytest.mark.django_db

MAY = ("view_receipt", "view_message", "match_receipts")


def match_url(receipt: Receipt) -> str:
    """The address of matching a receipt."""
    return reverse("admin:django_ihuyi_receipt_match", args=[receipt.pk])


@pytest.fixture
def lost(db: None) -> tuple[Receipt, Message, Message]:
    """A receipt and two messages that may be meant."""
    return make_receipt(smsid=SMSID), make_message(status="unknown"), make_message(status="unknown")


@pytest.mark.parametrize("by", ["message", "named"])
def test_choose_look_and_confirm(by: str, lost: tuple[Receipt, Message, Message], staff: StaffClient) -> None:
    receipt, message, other = lost
    client = staff("only", *MAY)
    assert match_url(receipt) in html(client, page_url(receipt))
    page = html(client, match_url(receipt))
    assert MASKED in page
    assert MOBILE not in page
    for candidate in (message, other):
        assert f'name="message" value="{candidate.pk}"' in page
    look = client.post(match_url(receipt), {by: str(message.pk)})
    assert "Does it belong to this message?" in look.content.decode()
    message.refresh_from_db()
    assert message.status == "unknown"
    done = client.post(match_url(receipt), {"message": str(message.pk), "confirmed": "yes"}, follow=True)
    assert done.redirect_chain[0][0] == page_url(message)
    assert f"SMS {message.pk} is “delivered” now." in done.content.decode()
    message.refresh_from_db()
    other.refresh_from_db()
    assert (message.status, message.smsid, other.status) == ("delivered", SMSID, "unknown")
    logged = set(LogEntry.objects.values_list("content_type__model", "object_id"))
    assert logged == {("receipt", str(receipt.pk)), ("message", str(message.pk))}
    assert match_url(receipt) not in html(client, page_url(receipt))


@pytest.mark.parametrize("lacking", MAY)
def test_it_needs_the_permissions(lacking: str, lost: tuple[Receipt, Message, Message], staff: StaffClient) -> None:
    receipt, message, _other = lost
    client = staff("only", *(name for name in MAY if name != lacking))
    assert client.get(match_url(receipt)).status_code == 403
    assert client.post(match_url(receipt), {"message": message.pk, "confirmed": "yes"}).status_code == 403
    if lacking != "view_receipt":
        assert match_url(receipt) not in html(client, page_url(receipt))
    receipt.refresh_from_db()
    assert receipt.message_id is None


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("", "There is no such message."),
        ("99999999", "There is no such message."),
        ("queued", "The message has not gone out."),
        ("elsewhere", "The message went to another number."),
    ],
)
def test_what_cannot_be_is_said(
    named: str, words: str, lost: tuple[Receipt, Message, Message], staff: StaffClient
) -> None:
    receipt, _message, _other = lost
    pks = {"queued": make_message().pk, "elsewhere": make_message(status="unknown", mobile="13900139000").pk}
    data = {"named": str(pks.get(named, named)), "confirmed": "yes"}
    assert words in staff("superuser").post(match_url(receipt), data).content.decode()
    receipt.refresh_from_db()
    assert receipt.message_id is None
    assert not LogEntry.objects.exclude(action_flag=VIEWED).exists()


def test_what_is_delivered_stays_so(staff: StaffClient, db: None) -> None:
    message, receipt = make_message(status="delivered"), make_receipt(code=0, msg="UNDELIV")
    data = {"message": str(message.pk), "confirmed": "yes"}
    page = staff("superuser").post(match_url(receipt), data, follow=True).content.decode()
    assert "which stays “delivered”" in page


def test_a_receipt_that_has_a_message_or_is_gone(delivered: Message, staff: StaffClient) -> None:
    client = staff("superuser")
    receipt = Receipt.objects.get()
    data = {"message": str(delivered.pk), "confirmed": "yes"}
    assert "It belongs to a message already." in client.post(match_url(receipt), data).content.decode()
    assert client.get(match_url(Receipt(pk=10**9))).status_code == 404


def test_somebody_else_is_quicker(lost: tuple[Receipt, Message, Message], staff: StaffClient) -> None:
    receipt, message, other = lost
    rivals = [other]

    def match_first(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE") and rivals:
            Receipt.objects.filter(pk=receipt.pk).update(message=rivals.pop())
        return execute(sql, *rest)

    client = staff("superuser")
    with connection.execute_wrapper(match_first):
        answer = client.post(match_url(receipt), {"message": str(message.pk), "confirmed": "yes"}, follow=True)
    assert rivals == []
    assert answer.redirect_chain[0][0] == page_url(receipt)
    assert "It belongs to a message already." in answer.content.decode()
    message.refresh_from_db()
    assert message.status == "unknown"
    assert not LogEntry.objects.exclude(action_flag=VIEWED).exists()


def test_nothing_to_offer(staff: StaffClient, db: None) -> None:
    assert "No message to this number fits." in html(staff("superuser"), match_url(make_receipt()))
