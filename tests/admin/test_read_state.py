"""Which replies are read: marked by those who may, by POST alone, logged, and by whom first."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from django_ihuyi.models import Reply

from .conftest import StaffClient, make_reply
from .urls import html, list_url, listed, page_url

pytestmark = pytest.mark.django_db


@pytest.fixture
def replies(db: None) -> list[Reply]:
    """Three replies: the last is read."""
    return [make_reply(), make_reply(), make_reply(read_at=timezone.now())]


@pytest.fixture
def reader(staff: StaffClient) -> Client:
    """Staff who mark."""
    return staff("only", "view_reply", "mark_reply")


def mark(client: Client, action: str, replies: list[Reply], **more: str) -> str:
    chosen = {"action": action, "_selected_action": [reply.pk for reply in replies], **more}
    return client.post(list_url(Reply), chosen, follow=True).content.decode()


def unread() -> list[bool]:
    return [reply.read_at is None for reply in Reply.objects.order_by("pk")]


def test_opening_the_pages_marks_nothing(reader: Client, replies: list[Reply]) -> None:
    html(reader, list_url(Reply))
    html(reader, page_url(replies[0]))
    assert unread() == [True, True, False]


def test_marked_as_read_by_whom_first(reader: Client, replies: list[Reply]) -> None:
    assert "2 replies marked." in mark(reader, "mark_read", replies)
    assert unread() == [False] * 3
    assert [reply.read_by_id is None for reply in Reply.objects.order_by("pk")] == [False, False, True]
    entries = LogEntry.objects.order_by("pk")
    assert [(entry.object_id, entry.get_change_message()) for entry in entries] == [
        (str(reply.pk), "Changed Read at.") for reply in replies[:2]
    ]
    assert "0 replies marked." in mark(reader, "mark_read", replies)


def test_marked_as_unread(reader: Client, replies: list[Reply]) -> None:
    assert "1 reply marked." in mark(reader, "mark_unread", replies)
    assert unread() == [True] * 3


def test_not_without_the_permission(staff: StaffClient, replies: list[Reply]) -> None:
    client = staff("whole")
    assert 'name="action"' not in html(client, list_url(Reply))
    mark(client, "mark_read", replies)
    assert unread() == [True, True, False]


def test_no_more_than_so_many_at_once(reader: Client, replies: list[Reply]) -> None:
    now = timezone.now()
    Reply.objects.bulk_create(Reply(received_at=now, fingerprint=str(number)) for number in range(998))
    assert "More than 1000 replies: choose fewer." in mark(reader, "mark_read", replies, select_across="1")
    assert unread() == [True, True, False, *[True] * 998]
    Reply.objects.latest("pk").delete()
    assert "999 replies marked." in mark(reader, "mark_read", replies, select_across="1")
    assert unread() == [False] * 1000


@pytest.mark.parametrize(("asked", "found"), [("yes", [1, 0]), ("no", [2]), ("nonsense", [2, 1, 0])])
def test_the_list_is_narrowed(asked: str, found: list[int], reader: Client, replies: list[Reply]) -> None:
    assert listed(reader, list_url(Reply, f"?unread={asked}")) == [replies[index].pk for index in found]


def test_statements_do_not_grow(replies: list[Reply], django_assert_num_queries: DjangoAssertNumQueries) -> None:
    # Its two ends, which are to change, and the change.
    with django_assert_num_queries(4):
        Reply.objects.mark([reply.pk for reply in replies], read_by=None, now=timezone.now())
