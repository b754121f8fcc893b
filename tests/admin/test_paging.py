"""Counting stops at a cap."""

from __future__ import annotations

from typing import Any

import pytest

from django_ihuyi.admin import paging
from django_ihuyi.models import Message

from .conftest import StaffClient, make_message
from .pages import list_url


@pytest.fixture
def cap(monkeypatch: pytest.MonkeyPatch) -> int:
    """A small cap; the real one would need ten thousand rows."""
    monkeypatch.setattr(paging, "MOST", 60)
    return 60


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
