"""Deliveries in the admin: which there are, and posting again what was given up."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from django_ihuyi.webhooks.models import WebhookDelivery
from tests.fakes import FakeBroker
from tests.webhooks.factories import make_delivery, make_endpoint

from .conftest import MOBILE, StaffClient, make_message
from .urls import html, list_url, listed, page_url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("webhooks_on")]


@pytest.fixture
def replayer(staff: StaffClient) -> Client:
    """Somebody who may post again."""
    return staff("only", "view_webhookdelivery", "replay_webhooks")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [3, 2, 1, 0]),
        ("?status__exact=dead", [3, 0]),
        ("?event=ping", [1]),
        ("?endpoint={till}", [3]),
        ("?endpoint={shop}&status__exact=dead", [0]),
        ("?endpoint=x", []),
    ],
)
def test_filters(query: str, found: list[int], staff: StaffClient) -> None:
    shop, till = make_endpoint(), make_endpoint(name="till")
    rows = [
        make_delivery(shop),
        make_delivery(shop, status="delivered", event="ping"),
        make_delivery(shop, status="pending"),
        make_delivery(till),
    ]
    client = staff("only", "view_webhookdelivery")
    asked = query.format(shop=shop.pk, till=till.pk)
    assert listed(client, list_url(WebhookDelivery, asked)) == [rows[number].pk for number in found]


def test_a_page_shows_no_number_and_links_for_those_who_may(staff: StaffClient) -> None:
    message = make_message(content="您的订单已发货")
    row = make_delivery(
        make_endpoint(whole_numbers=True), message=message, data={"message": message.pk, "status": "delivered"}
    )
    link = f'<a href="{page_url(message)}">SMS {message.pk}</a>'
    for client, linked in (
        (staff("only", "view_webhookdelivery"), False),
        (staff("only", "view_webhookdelivery", "view_message"), True),
    ):
        for url in (list_url(WebhookDelivery), page_url(row)):
            page = html(client, url)
            assert (link in page) is linked
            assert f"SMS {message.pk}" in page
            assert MOBILE not in page
            assert "您的订单" not in page
    assert "&quot;status&quot;: &quot;delivered&quot;" in page


@pytest.mark.django_db(transaction=True)
def test_dead_letters_are_posted_again_from_the_list(replayer: Client, broker: FakeBroker) -> None:
    endpoint = make_endpoint()
    dead, done, waiting = (make_delivery(endpoint, status=status) for status in ("dead", "delivered", "pending"))
    chosen = {"action": "replay", "_selected_action": [row.pk for row in (dead, done, waiting)]}
    page = replayer.post(list_url(WebhookDelivery), chosen)
    assert "3 deliveries are meant." in page.content.decode()
    assert broker.take() == []
    newest = page.context["newest"]
    answer = replayer.post(list_url(WebhookDelivery), {**chosen, "confirmed": "yes", "newest": newest}, follow=True)
    assert "2 deliveries are posted again." in answer.content.decode()
    assert "1 delivery is left as it is" in answer.content.decode()
    assert broker.take_pks() == [dead.pk, done.pk]
    dead.refresh_from_db()
    assert (dead.status, dead.attempts, dead.event_id) == ("pending", 0, "evt_0")
    assert set(LogEntry.objects.values_list("object_id", flat=True)) == {str(dead.pk), str(done.pk)}


@pytest.mark.django_db(transaction=True)
def test_one_is_posted_again_from_its_page(replayer: Client, broker: FakeBroker) -> None:
    row = make_delivery(make_endpoint())
    url = reverse("admin:ihuyi_webhooks_webhookdelivery_replay", args=[row.pk])
    assert url in html(replayer, page_url(row))
    html(replayer, url)
    replayer.post(url)
    row.refresh_from_db()
    assert row.status == "dead"
    answer = replayer.post(url, {"confirmed": "yes"}, follow=True)
    assert "1 delivery is posted again." in answer.content.decode()
    assert url not in answer.content.decode()
    assert broker.take_pks() == [row.pk]


def test_what_is_still_under_way_is_left(replayer: Client) -> None:
    row = make_delivery(make_endpoint(), status="sending")
    url = reverse("admin:ihuyi_webhooks_webhookdelivery_replay", args=[row.pk])
    page = replayer.post(url, {"confirmed": "yes"}, follow=True).content.decode()
    assert "1 delivery is left as it is" in page
    assert "posted again" not in page
    assert not LogEntry.objects.exists()


def test_posting_again_needs_its_permission(staff: StaffClient) -> None:
    row = make_delivery(make_endpoint())
    client = staff("only", "view_webhookdelivery")
    url = reverse("admin:ihuyi_webhooks_webhookdelivery_replay", args=[row.pk])
    assert client.post(url, {"confirmed": "yes"}).status_code == 403
    assert "Post again" not in html(client, list_url(WebhookDelivery))
    client.post(
        list_url(WebhookDelivery), {"action": "replay", "_selected_action": [row.pk], "confirmed": "yes"}, follow=True
    )
    row.refresh_from_db()
    assert row.status == "dead"


def test_statements_do_not_grow(staff: StaffClient, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    endpoint, client = make_endpoint(), staff("superuser")
    make_delivery(endpoint)
    with django_assert_num_queries(5) as one:
        html(client, list_url(WebhookDelivery))
    for _ in range(20):
        make_delivery(endpoint, message=make_message(), created_at=timezone.now())
    with django_assert_num_queries(len(one.captured_queries)):
        html(client, list_url(WebhookDelivery))
