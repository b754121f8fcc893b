"""The search box: exact numbers and smsids, by index."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models import Model
from django.urls import reverse

from django_ihuyi.models import Message, OptOut, Receipt, Reply
from django_ihuyi.privacy.audit import VIEWED
from django_ihuyi.verification.models import VerificationCode

from .conftest import MASKED, MOBILE, SMSID, StaffClient, make_message, make_receipt, make_reply
from .urls import html, list_url, listed

HINT = "That is neither a mobile number nor an smsid."


@pytest.fixture
def two(db: None) -> None:
    """Something to find and something else, in each table."""
    for mobile, smsid in ((MOBILE, SMSID), ("13900139000", "15870246956696820531")):
        message = make_message(mobile=mobile, smsid=smsid)
        make_receipt(message)
        make_reply(message)


@pytest.mark.parametrize("model", [Message, Receipt, Reply])
@pytest.mark.parametrize(
    ("text", "found", "hint"),
    [
        (MOBILE, True, False),
        ("+86 138 0013 8000", True, False),
        ("0086-138-0013-8000", True, False),
        ("(+86)13800138000", True, False),
        ("１３８００１３８０００", True, False),
        (f"  {MOBILE} ", True, False),
        (SMSID, True, False),
        (f" {SMSID}\t", True, False),
        ("13700137000", False, False),
        (SMSID[:-1], False, False),
        ("1380013", False, True),
        ("8000", False, True),
        ("hello", False, True),
        ("订单", False, True),
        ("%", False, True),
        ("' OR 1=1 --", False, True),
        ("138%", False, True),
        ("9" * 65, False, True),
    ],
)
def test_search(text: str, found: bool, hint: bool, model: type[Model], staff: StaffClient, two: None) -> None:
    client = staff("masked")
    answer = client.get(list_url(model), {"q": text})
    rows: list[Any] = list(answer.context["cl"].result_list)
    assert [row.mobile for row in rows] == ([MOBILE] if found else [])
    assert (HINT in answer.content.decode()) is hint
    assert "A whole mobile number, in any spelling, or a whole smsid." in answer.content.decode()


@pytest.mark.parametrize("text", ["", "   "])
def test_nothing_typed_shows_all(text: str, staff: StaffClient, two: None) -> None:
    assert len(listed(staff("masked"), list_url(Message, f"?q={text}"))) == 2


def test_a_number_that_is_also_an_smsid_finds_both(staff: StaffClient, two: None) -> None:
    other = make_message(mobile="13700137000", smsid=MOBILE)
    assert listed(staff("masked"), list_url(Message, f"?q={MOBILE}")) == [
        other.pk,
        Message.objects.get(mobile=MOBILE).pk,
    ]


@pytest.mark.parametrize(("text", "queries"), [(MOBILE, 9), (SMSID, 8), ("hello", 6)])
def test_search_is_an_exact_look_up(
    text: str, queries: int, staff: StaffClient, two: None, django_assert_num_queries: Any
) -> None:
    client = staff("masked")
    with django_assert_num_queries(queries) as captured:
        client.get(list_url(Message), {"q": text})
    for query in captured.captured_queries:
        assert not re.search(r"\bUPPER\b|\bLOWER\b|\bLIKE\b|\bREGEXP\b", query["sql"], re.IGNORECASE), query


def test_search_narrows_a_filtered_list(staff: StaffClient, two: None) -> None:
    assert listed(staff("masked"), list_url(Message, f"?q={MOBILE}&status__exact=delivered")) == []


@pytest.mark.parametrize("model", [Message, Receipt, Reply, VerificationCode, OptOut])
@pytest.mark.parametrize(
    ("kind", "text", "noted"),
    [
        ("masked", "138 0013 8000", True),
        ("masked", "13700137000", True),
        ("masked", "1380013", False),
        ("whole", "13700137000", False),
    ],
    ids=["found", "not found", "no number", "who sees whole numbers"],
)
def test_who_sees_masks_and_searches_for_a_number_is_noted(
    model: type[Model], kind: str, text: str, noted: bool, staff: StaffClient, two: None
) -> None:
    client = staff(kind)
    listed(client, list_url(model, f"?q={text}"))
    entries = LogEntry.objects.filter(action_flag=VIEWED)
    masked = MASKED if "138" in text else "137******00"
    assert [entry.change_message for entry in entries] == [f"Searched for the number {masked}."] * noted
    assert [entry.content_type.model_class() for entry in entries if entry.content_type] == [model] * noted
    assert all(str(entry.user_id) == client.session["_auth_user_id"] for entry in entries)


def test_a_search_for_an_smsid_is_no_search_for_a_number(staff: StaffClient, two: None) -> None:
    listed(staff("masked"), list_url(Message, f"?q={SMSID}"))
    assert not LogEntry.objects.exists()


def test_a_page_that_counts_what_an_export_would_find_confirms_a_number_too(staff: StaffClient, two: None) -> None:
    client = staff("only", "view_message", "export_messages")
    assert "Export 1 message?" in html(client, reverse("admin:django_ihuyi_message_export") + f"?q={MOBILE}")
    assert [entry.change_message for entry in LogEntry.objects.all()] == [f"Searched for the number {MASKED}."]
