"""The pages of balances, and the banner while one is low."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from django_ihuyi import balance
from django_ihuyi.dashboard.models import MessageTally
from django_ihuyi.dashboard.time_slots import slot_of
from django_ihuyi.models import AccountState, BalanceReading

from .conftest import StaffClient
from .urls import html

pytestmark = pytest.mark.django_db

LIST = "/admin/django_ihuyi/balancereading/"
COMPARED = f"{LIST}reconciliation/"
MESSAGES = "/admin/django_ihuyi/message/"


def keep(remaining: int, minutes_ago: float = 0) -> None:
    moment = timezone.now() - timedelta(minutes=minutes_ago)
    kept = BalanceReading(account="default", remaining=remaining, read_at=moment)
    balance.save_reading(balance.Answer("default", kept, low=balance.is_low("default", remaining)))


def send(segments: int, status: str = "delivered") -> None:
    MessageTally.objects.create(
        slot=slot_of(timezone.now()),
        account="default",
        category="marketing",
        status=status,
        messages=1,
        segments=segments,
    )


def test_the_list_shows_what_changed(staff: StaffClient, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    for minutes_ago, remaining in [(30, 12_000), (20, 11_500), (10, 15_000)]:
        keep(remaining, minutes_ago)
    client = staff("only", "view_balancereading")
    with django_assert_max_num_queries(8):
        page = html(client, LIST)
    assert [text in page for text in ("12,000", "−500", "+3,500")] == [True] * 3


@pytest.mark.parametrize("url", [LIST, COMPARED])
def test_who_may_see_them(staff: StaffClient, url: str) -> None:
    assert staff("only", "view_balancereading").get(url).status_code == 200
    assert staff("only", "view_message", "view_receipt").get(url).status_code == 403
    assert Client().get(url).status_code == 302


def test_nothing_is_changed_there(staff: StaffClient) -> None:
    keep(5)
    client = staff("superuser")
    assert client.post(COMPARED).status_code == 405
    pk = BalanceReading.objects.get().pk
    assert client.post(reverse("admin:django_ihuyi_balancereading_delete", args=[pk])).status_code == 403


@pytest.mark.parametrize(
    ("sent", "unknown", "said"),
    [
        pytest.param(1000, 0, "+3", id="small"),
        pytest.param(900, 200, "+103: unknown messages that went out?", id="unknown"),
        pytest.param(900, 0, "+103: look into it", id="odd"),
        pytest.param(1100, 0, "−97: look into it", id="given-back"),
    ],
)
def test_the_comparison(staff: StaffClient, sent: int, unknown: int, said: str) -> None:
    keep(5003, 0.2)
    keep(4000)
    send(sent)
    if unknown:
        send(unknown, "unknown")
    page = html(staff("only", "view_balancereading"), f"{COMPARED}?range=30d")
    assert f"</span> {said}</span>" in page
    assert "1,003" in page


def test_a_day_without_a_reading(staff: StaffClient) -> None:
    send(5)
    assert "no reading" in html(staff("only", "view_balancereading"), f"{COMPARED}?range=rubbish")


def test_days_where_times_have_no_zone(staff: StaffClient, settings: Settings) -> None:
    settings.USE_TZ = False
    assert "Neither a balance was read" in html(staff("only", "view_balancereading"), COMPARED)


def test_the_banner_while_it_is_low(staff: StaffClient, settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "BALANCE_LOW": 1000}
    client = staff("only", "view_balancereading", "view_message")
    keep(2000, 9)
    assert "messages left.</h2>" not in html(client, MESSAGES)
    keep(999, 5)
    keep(990)
    page = html(client, MESSAGES)
    assert "The account “default” has 990 messages left." in page
    assert "Below 1000 since" in page
    settings.IHUYI = {**settings.IHUYI, "BALANCE_LOW": None}
    assert "messages left.</h2>" not in html(client, MESSAGES)
    keep(5000)
    assert not AccountState.objects.exclude(balance_low_since=None).exists()
