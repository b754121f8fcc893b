"""The pages of bulk sendings, and messages found by theirs."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from django_ihuyi.models import Batch, Message

from .conftest import HoursAgo, StaffClient, make_message
from .urls import html, list_url, listed, page_url

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(db: None) -> Batch:
    """A bulk of three, and a message of nobody's."""
    batch = Batch.objects.create(
        account="default",
        category="marketing",
        recorded=3,
        refused=2,
        finished_at=timezone.now(),
        idempotency_key="autumn-wang",
    )
    for status in ("queued", "delivered", "delivered"):
        make_message(batch=batch, status=status)
    make_message(status="queued")
    return batch


def texts(page: str) -> str:
    """A page without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_list_says_how_far_each_is_and_links_to_its_messages(staff: StaffClient, batch: Batch) -> None:
    client = staff("masked")
    for url in (list_url(Batch), page_url(batch)):
        page = html(client, url)
        assert "queued 1" in texts(page)
        assert "delivered 2" in texts(page)
        for status, count in (("queued", 1), ("delivered", 2)):
            link = list_url(Message, f"?batch={batch.pk}&status__exact={status}")
            assert f'href="{link.replace("&", "&amp;")}"' in page, url
            assert len(listed(client, link)) == count


def test_those_who_may_not_see_messages_see_numbers_without_links(staff: StaffClient, batch: Batch) -> None:
    client = staff("only", "view_batch")
    for url in (list_url(Batch), page_url(batch)):
        page = html(client, url)
        assert "delivered 2" in texts(page)
        assert list_url(Message, "?batch=") not in page


def test_a_batch_without_messages_and_one_that_is_being_recorded(staff: StaffClient, batch: Batch) -> None:
    Batch.objects.update(finished_at=None)
    Message.objects.all().delete()
    client = staff("masked")
    for url in (list_url(Batch), page_url(batch)):
        page = html(client, url)
        assert "not yet" in texts(page)
        assert "–" in page
        assert "delivered" not in texts(page)


def test_batch__whose_recording_failed__says_so(staff: StaffClient, batch: Batch) -> None:
    Batch.objects.update(error="OperationalError")
    client = staff("masked")
    for url in (list_url(Batch), page_url(batch)):
        assert "stopped by an error: OperationalError" in texts(html(client, url))


@pytest.mark.parametrize(("kind", "seen"), [("masked", False), ("whole", True)])
def test_the_key_is_for_those_who_see_all(kind: str, seen: bool, staff: StaffClient, batch: Batch) -> None:
    client = staff(kind)
    assert "autumn-wang" not in html(client, list_url(Batch))
    assert ("autumn-wang" in html(client, page_url(batch))) is seen
    Batch.objects.update(idempotency_key=None)
    assert "•••••" not in html(client, page_url(batch))


def test_the_list_counts_for_all_its_rows_at_once(
    staff: StaffClient, batch: Batch, django_assert_num_queries: Any
) -> None:
    client = staff("masked")
    with django_assert_num_queries(7) as one:
        html(client, list_url(Batch))
    for _count in range(5):
        make_message(batch=Batch.objects.create(account="default", category="marketing"))
    with django_assert_num_queries(len(one.captured_queries)):
        html(client, list_url(Batch))


def test_the_list_is_filtered_by_what_the_settings_and_the_code_know(
    staff: StaffClient, batch: Batch, hours_ago: HoursAgo
) -> None:
    other = Batch.objects.create(account="other", category="notification", created_at=hours_ago(24 * 10))
    client = staff("masked")
    assert listed(client, list_url(Batch, "?category__exact=marketing")) == [batch.pk]
    assert listed(client, list_url(Batch, "?account=other")) == [other.pk]
    since = urlencode({"created_at__gte": hours_ago(48).isoformat()})
    assert listed(client, list_url(Batch, f"?{since}")) == [batch.pk]
    for query in ("?idempotency_key__startswith=autumn", "?messages__mobile__startswith=138"):
        assert client.get(list_url(Batch, query)).status_code == 400


@pytest.mark.parametrize(
    ("value", "found"), [("{batch}", 3), ("999999", 0), ("", 0), ("x", 0), ("-1", 0), ("9" * 30, 0)]
)
def test_messages_are_filtered_by_their_batch(value: str, found: int, staff: StaffClient, batch: Batch) -> None:
    query = value.format(batch=batch.pk)
    assert len(listed(staff("masked"), list_url(Message, f"?batch={query}"))) == found


def test_the_chosen_batch_is_named_among_the_filters(staff: StaffClient, batch: Batch) -> None:
    client = staff("masked")
    assert f"batch {batch.pk}" in texts(html(client, list_url(Message, f"?batch={batch.pk}")))
    assert "By batch" not in texts(html(client, list_url(Message)))


def test_a_message_names_its_batch(staff: StaffClient, batch: Batch) -> None:
    message = Message.objects.filter(batch=batch).first()
    assert message is not None
    assert f'<a href="{page_url(batch)}">batch {batch.pk}</a>' in html(staff("masked"), page_url(message))
    page = html(staff("only", "view_message"), page_url(message))
    assert f"batch {batch.pk}" in page
    assert page_url(batch) not in page
    alone = Message.objects.get(batch=None)
    assert f"batch {batch.pk}" not in html(staff("whole"), page_url(alone))
