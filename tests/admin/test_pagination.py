"""Counting stops at a cap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_ihuyi.admin import MessageAdmin
from django_ihuyi.admin.batch import LARGE
from django_ihuyi.admin.pagination import CappedPaginator, NewestFirst
from django_ihuyi.models import Batch, Message

from .conftest import StaffClient, make_message
from .urls import html, list_url, listed, page_url

pytestmark = pytest.mark.django_db


@pytest.fixture
def cap(monkeypatch: pytest.MonkeyPatch) -> int:
    """A small cap; the real one would need ten thousand rows."""

    class Capped(CappedPaginator):
        most = 60

    monkeypatch.setattr(MessageAdmin, "paginator", Capped)
    return Capped.most


@pytest.mark.parametrize(("rows", "capped"), [(60, False), (61, True), (75, True)])
def test_a_capped_list_says_so(rows: int, capped: bool, staff: StaffClient, cap: int, db: None) -> None:
    Message.objects.bulk_create(Message(mobile="13800138000", content="x") for _row in range(rows))
    answer = staff("masked").get(list_url(Message))
    assert answer.context["cl"].result_count == min(rows, cap)
    assert ("60+ rows: the newest 60 can be leafed through." in answer.content.decode()) is capped


def test_the_last_page_ends_at_the_cap(staff: StaffClient, cap: int, db: None) -> None:
    Message.objects.bulk_create(Message(mobile="13800138000", content="x") for _row in range(75))
    client = staff("masked")
    assert len(client.get(list_url(Message, "?p=2")).context["cl"].result_list) == 10
    assert client.get(list_url(Message, "?p=3")).status_code == 302


def test_no_count_reads_the_whole_table(staff: StaffClient, db: None, django_assert_num_queries: Any) -> None:
    make_message()
    client = staff("superuser")
    with django_assert_num_queries(7) as captured:  # one of them notes who looked
        client.get(list_url(Message))
    counts = [query["sql"] for query in captured.captured_queries if "COUNT(" in query["sql"]]
    assert len(counts) == 1
    assert "LIMIT 10001" in counts[0]
    assert "ORDER BY" not in counts[0]


@pytest.fixture
def scanned(monkeypatch: pytest.MonkeyPatch) -> type[NewestFirst]:
    """A list that looks through few rows."""

    class Few(NewestFirst):
        scanned = 3

    monkeypatch.setattr(MessageAdmin, "get_changelist", lambda *_args, **_kwargs: Few)
    return Few


@pytest.mark.parametrize(
    ("query", "indexes", "said"),
    [
        ("?account=old", [], True),
        ("?category__exact=notification", [7, 6, 5], True),
        ("?account=old&created_at__lt=2026-03-05T00:00Z", [3, 2, 1], True),
        ("?account=default&created_at__lt=2026-03-07T00:00Z", [5, 4], True),
        ("?account=old&created_at__lt=2020-01-01T00:00Z", [], False),
        ("?status__exact=queued", [7, 6, 5, 4, 3, 2, 1, 0], False),
        ("?account=old&q=13800138000", [3, 2, 1, 0], False),
    ],
    ids=["old", "often", "with days", "with other days", "no such days", "an index", "a search"],
)
def test_for_what_no_index_answers_the_newest_are_looked_through(
    query: str, indexes: list[int], said: bool, staff: StaffClient, scanned: object, db: None
) -> None:
    first = datetime(2026, 3, 1, 4, tzinfo=UTC)
    rows = [
        make_message(account="old" if day < 4 else "default", created_at=first + timedelta(days=day))
        for day in range(8)
    ]
    answer = staff("superuser").get(list_url(Message, query))
    assert [rows.index(row) for row in answer.context["cl"].result_list] == indexes
    assert ("Only the newest 3 rows were looked through" in answer.content.decode()) is said


@pytest.mark.parametrize(("slack", "found"), [(5, True), (4, False)])
def test_what_came_long_after_the_days_is_not_looked_through(
    slack: int, found: bool, staff: StaffClient, scanned: type[NewestFirst], db: None
) -> None:
    scanned.out_of_order = slack
    first = datetime(2026, 3, 1, 4, tzinfo=UTC)
    for day in range(8):
        make_message(created_at=first + timedelta(days=day))
    late = make_message(created_at=first)
    query = "?account=default&created_at__lt=2026-03-05T00:00Z"
    assert (late.pk in listed(staff("superuser"), list_url(Message, query))) is found


def test_a_batch_is_found_by_its_time(staff: StaffClient, db: None, django_assert_num_queries: Any) -> None:
    now = timezone.now()
    ended = Batch.objects.create(category="marketing", account="default", created_at=now, finished_at=now, recorded=1)
    going = Batch.objects.create(category="marketing", account="default", created_at=now)
    rows = {batch: make_message(batch=batch, created_at=now) for batch in (ended, going)}
    client = staff("superuser")
    for batch, message in rows.items():
        with django_assert_num_queries(8) as captured:
            assert listed(client, list_url(Message, f"?batch={batch.pk}")) == [message.pk]
        orders = [query["sql"].partition("ORDER BY")[2] for query in captured.captured_queries]
        assert sum('"django_ihuyi_message"."created_at"' in order.replace("`", '"') for order in orders) == 1
    assert listed(client, list_url(Message, f"?batch={going.pk + 1}")) == []


def test_a_large_batch_is_counted_on_its_own_page_only(staff: StaffClient, db: None) -> None:
    batch = Batch.objects.create(category="marketing", account="default", recorded=LARGE + 1)
    make_message(batch=batch)
    for kind in ("masked", "superuser"):
        assert "on its own page" in html(staff(kind), list_url(Batch))
    client = staff("only", "view_batch")
    assert "on its own page" in html(client, list_url(Batch))
    assert "queued 1" in html(client, page_url(batch))
