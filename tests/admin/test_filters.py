"""The lists' filters, and what a list costs."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db.models import Model
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.admin.filters import DayFilter
from django_ihuyi.models import Message, Receipt, Reply

from .conftest import HoursAgo, StaffClient, make_message, make_receipt, make_reply
from .urls import html, list_url, listed


def _names(staff: StaffClient, query: str) -> set[str]:
    rows = Message.objects.in_bulk(listed(staff("masked"), list_url(Message, query)))
    return {row.content for row in rows.values()}


GIVEN_UP = ("lost", "given up", "found")


@pytest.fixture
def various(db: None, hours_ago: HoursAgo) -> None:
    """Messages that differ in what the filters look at; the text is the name."""
    make_message(content="plain")
    make_message(content="code", category="verification", status="rejected", code=4085)
    make_message(content="strange", category="marketing", status="rejected", code=4999, account="second")
    make_message(content="late", status="accepted", code=2, created_at=hours_ago(26), accepted_at=hours_ago(25))
    make_message(content="fresh", status="accepted", code=2, accepted_at=hours_ago(23))
    make_message(content="done", status="delivered", code=2, accepted_at=hours_ago(25))
    make_message(content="lost", status="unknown")
    make_message(content="given up", status="unknown", given_up_at=hours_ago(1))
    make_message(content="found", status="delivered", code=2, given_up_at=hours_ago(1))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?status__exact=accepted", {"late", "fresh"}),
        ("?category__exact=marketing", {"strange"}),
        ("?account=second", {"strange"}),
        ("?account=nobody", set()),
        ("?code=2", {"late", "fresh", "done", "found"}),
        ("?code=4085", {"code"}),
        ("?code=other", {"strange"}),
        ("?code=4999", {"strange"}),
        ("?code=-1", set()),
        ("?code=x", set()),
        ("?code=99999999999999999999", set()),
        ("?receipt=missing", {"late"}),
        ("?receipt=else", {"plain", "code", "strange", "late", "fresh", "done", *GIVEN_UP}),
        ("?code=2&status__exact=delivered", {"done", "found"}),
        ("?given_up=no", {"lost"}),
        ("?given_up=yes", {"given up"}),
        ("?given_up=else", {"plain", "code", "strange", "late", "fresh", "done", *GIVEN_UP}),
    ],
)
def test_messages_are_filtered(query: str, names: set[str], staff: StaffClient, various: None) -> None:
    assert _names(staff, query) == names


@pytest.mark.parametrize(
    ("label", "names"),
    [
        ("Any date", {"now", "midnight", "yesterday", "week", "month", "old"}),
        ("Today", {"now", "midnight"}),
        ("Yesterday", {"yesterday"}),
        ("Past 7 days", {"now", "midnight", "yesterday", "week"}),
        ("Past 30 days", {"now", "midnight", "yesterday", "week", "month"}),
    ],
)
@time_machine.travel(datetime(2026, 3, 5, 4, 0, tzinfo=UTC), tick=False)
def test_days_are_the_reader_s(label: str, names: set[str], staff: StaffClient, db: None) -> None:
    # Shanghai's 5 March began at 16:00 UTC of the day before.
    midnight = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
    for name, moment in {
        "now": timezone.now(),
        "midnight": midnight,
        "yesterday": midnight - timedelta(seconds=1),
        "week": midnight - timedelta(days=6),
        "month": midnight - timedelta(days=29),
        "old": midnight - timedelta(days=29, seconds=1),
    }.items():
        make_message(content=name, created_at=moment)
    client = staff("masked")
    [spec] = [spec for spec in _changelist(client).filter_specs if isinstance(spec, DayFilter)]
    choices = {str(choice["display"]): choice["query_string"] for choice in spec.choices(_changelist(client))}
    rows = Message.objects.in_bulk(listed(client, list_url(Message, choices[label])))
    assert {row.content for row in rows.values()} == names


def _changelist(client: Any) -> Any:
    return client.get(list_url(Message)).context["cl"]


def test_days_work_without_time_zones(staff: StaffClient, settings: Settings, db: None) -> None:
    settings.USE_TZ = False
    client = staff("masked")
    assert "Yesterday" in html(client, list_url(Message))


@pytest.mark.parametrize(
    ("model", "query", "count"),
    [
        (Receipt, "", 3),
        (Receipt, "?outcome=delivered", 2),
        (Receipt, "?outcome=undelivered", 1),
        (Receipt, "?matched=yes", 2),
        (Receipt, "?matched=no", 1),
        (Receipt, "?matched=perhaps", 3),
        (Receipt, "?outcome=undelivered&matched=no", 0),
        (Reply, "?matched=yes", 1),
        (Reply, "?matched=no", 1),
    ],
)
def test_pushes_are_filtered(model: type[Model], query: str, count: int, staff: StaffClient, db: None) -> None:
    message = make_message()
    make_receipt(message)
    make_receipt(message, code=0, msg="UNDELIV")
    make_receipt()
    make_reply(message)
    make_reply()
    assert len(listed(staff("masked"), list_url(model, query))) == count


def test_choices_come_from_settings_and_tables(staff: StaffClient, settings: Settings, db: None) -> None:
    ihuyi = copy.deepcopy(settings.IHUYI)
    ihuyi["ACCOUNTS"]["campaigns"] = ihuyi["ACCOUNTS"]["default"]
    settings.IHUYI = ihuyi
    page = html(staff("masked"), list_url(Message))
    for choice in ("?account=campaigns", "?account=default", "?code=4085", "?code=other", "?receipt=missing"):
        assert choice in page


def test_the_long_filter_opens_when_it_is_used(staff: StaffClient, db: None) -> None:
    client = staff("masked")
    assert '<details data-filter-title="code">' in html(client, list_url(Message))
    assert '<details data-filter-title="code" open>' in html(client, list_url(Message, "?code=4085"))


@pytest.mark.parametrize(("kind", "queries"), [("masked", 8), ("superuser", 7)])
@pytest.mark.parametrize("rows", [1, 30])
def test_a_list_of_messages_costs_the_same_however_long(
    rows: int, kind: str, queries: int, staff: StaffClient, db: None, django_assert_num_queries: Any
) -> None:
    for number in range(rows):
        make_message(smsid=f"1000000{number}", status="undelivered", code=2, receipt_code=0, receipt_msg="MK:0001")
    client = staff(kind)
    with django_assert_num_queries(queries) as captured:
        client.get(list_url(Message))
    assert not any("DISTINCT" in query["sql"] for query in captured.captured_queries)


@pytest.mark.parametrize("model", [Receipt, Reply])
@pytest.mark.parametrize("rows", [1, 30])
def test_so_do_the_lists_of_pushes(
    rows: int, model: type[Model], staff: StaffClient, db: None, django_assert_num_queries: Any
) -> None:
    for _number in range(rows):
        message = make_message()
        make_receipt(message)
        make_reply(message)
    client = staff("masked")
    with django_assert_num_queries(6):
        client.get(list_url(model))


@pytest.mark.parametrize("query", ["?o=9", "?o=-9", "?o=8.9", "?o=2", "?o=x"])
def test_no_address_sorts_by_another_column(query: str, staff: StaffClient, db: None) -> None:
    for smsid in ("300000000", "100000000", "200000000"):
        make_message(smsid=smsid, mobile=f"13{smsid}")
    client = staff("masked")
    pks = listed(client, list_url(Message, query))
    assert pks == sorted(pks, reverse=True)
    assert client.get(list_url(Message)).context["cl"].list_display[9] == "smsid"


def test_columns_cannot_be_clicked_to_sort(staff: StaffClient, db: None) -> None:
    make_message()
    page = html(staff("masked"), list_url(Message))
    assert "sortable" not in page
    assert "Show counts" not in page
