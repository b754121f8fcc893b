"""The dashboard: what it shows, to whom, at what cost, and that every figure's link shows as many rows as it counts."""

from __future__ import annotations

import html as markup
import json
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from time_machine import travel

from django_ihuyi.admin.dashboard import words
from django_ihuyi.models import BalanceReading, Message, Receipt, Reply
from tests.statistics.conftest import NOW, count, make_code, make_delivered, make_message

from .conftest import VIEW, StaffClient
from .pages import html

pytestmark = pytest.mark.django_db

PAGE = "/admin/django_ihuyi/dashboard/"
EVERYTHING = (*VIEW, "view_dashboard", "view_balancereading")
LINK = re.compile(
    r'<a(?: class="ihuyi-tile-value")? href="(/admin/django_ihuyi/(message|verificationcode)/\?[^"]+)">([\d,]+)</a>'
)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """Ten past twelve in Shanghai: "today" is neither nearly over nor just begun."""
    with travel(NOW, tick=False):
        yield


@pytest.fixture
def busy(db: None) -> None:
    """A little of everything, made within the last hours, and counted."""
    now = timezone.now()
    for hours in (1, 2, 30):
        made = now - timedelta(hours=hours)
        make_delivered(made, category="verification")
        make_delivered(made, accepted=100.0, delivered=4000.0)
        make_delivered(made, status="undelivered", receipt_code=7)
        make_message(made, status="rejected", code=4051, segments=2)
        make_message(made, status="rejected", code=407)
        make_message(made, status="unknown", submitted_at=made)
        make_message(made, status="unknown", submitted_at=made, given_up_at=now)
        make_message(made, status="accepted", accepted_at=made, submitted_at=made, code=2)
        make_message(made, status="queued", due_at=made)
        make_message(made, status="queued", due_at=now + timedelta(days=1))
        make_code(made, entered_at=made)
        make_code(made)
        BalanceReading.objects.create(account="default", remaining=9000 - int(100 * hours), read_at=made)
    BalanceReading.objects.create(account="default", remaining=8000, read_at=now)
    Receipt.objects.create(code=2, mobile="13900139000", received_at=now)
    Reply.objects.create(mobile="13900139000", content="好", received_at=now, fingerprint="r")
    count(now)


@pytest.mark.parametrize("asked", ["", "?range=today", "?range=24h", "?range=90d"])
def test_every_figure_leads_to_the_rows_that_it_counts(staff: StaffClient, busy: None, asked: str) -> None:
    client = staff("only", *EVERYTHING)
    found = LINK.findall(html(client, f"{PAGE}{asked}"))
    assert {kind for _url, kind, _number in found} == {"message", "verificationcode"}
    for url, _kind, number in set(found):
        answer = client.get(markup.unescape(url))
        assert answer.status_code == 200, url
        assert len(answer.context["cl"].result_list) == int(number.replace(",", "")), url


def test_charts_have_their_data_and_a_table_behind_each(staff: StaffClient, busy: None) -> None:
    page = html(staff("only", *EVERYTHING), f"{PAGE}?range=7d")
    charts = [json.loads(markup.unescape(found)) for found in re.findall(r'data-ihuyi-chart="([^"]*)"', page)]
    assert [chart["kind"] for chart in charts] == ["bar", "line", "line"]
    assert all(len(one["data"]) == len(chart["labels"]) for chart in charts for one in chart["sets"])
    assert sum(map(sum, (one["data"] for one in charts[0]["sets"]))) == Message.objects.count()
    assert page.count('<caption class="visually-hidden">') == len(charts)
    assert "<script>" not in page
    assert " style=" not in page.split('id="content-main"')[1].split("<footer")[0]
    for text in ("4051", "Recharge", "used up on", "after 24 h", "of them for later"):
        assert text.lower() in page.lower(), text


def test_what_it_costs_is_said_where_a_price_is_set(staff: StaffClient, busy: None, settings: Settings) -> None:
    client = staff("only", *EVERYTHING)
    assert "¥" not in html(client, PAGE)
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "PRICE": 0.03}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {**settings.IHUYI["ACCOUNTS"], "default": account}}
    assert "¥\u00a00.36" in html(client, PAGE)  # 12 segments


def test_its_queries_do_not_depend_on_what_there_is(
    staff: StaffClient, busy: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = staff("only", *EVERYTHING)
    for asked in ("?range=today", "?range=90d"):
        with django_assert_num_queries(16):
            client.get(f"{PAGE}{asked}")


def test_who_may_see_it(staff: StaffClient, busy: None) -> None:
    assert Client().get(PAGE).status_code == 302
    assert staff("only", "view_message").get(PAGE).status_code == 403
    only = staff("only", "view_dashboard", "view_receipt")
    page = html(only, PAGE)
    assert LINK.findall(page) == []
    assert "/admin/django_ihuyi/receipt/" in page
    assert only.post(PAGE).status_code == 405
    assert PAGE in html(staff("only", "view_dashboard", "view_message", "view_reply"), "/admin/")


def test_the_list_of_messages_leads_there_whom_it_may(staff: StaffClient) -> None:
    assert PAGE not in html(staff("masked"), "/admin/django_ihuyi/message/")
    assert PAGE in html(staff("only", "view_message", "view_dashboard"), "/admin/django_ihuyi/message/")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("?from=2026-03-01&to=2026-03-04", "No message was recorded in this time."),
        ("?from=2026-03-04&to=2026-03-01", "Write a first and a last day"),
        ("?from=2020-01-01&to=2026-03-01", "Write a first and a last day"),
        ("?from=x", "Write a first and a last day"),
        ("?range=x", 'href="?range=7d" aria-current="true"'),
    ],
)
def test_ranges_of_ones_own(staff: StaffClient, asked: str, said: str) -> None:
    assert said in html(staff("only", "view_dashboard"), f"{PAGE}{asked}")


def test_what_is_wrong_is_said_first(staff: StaffClient, busy: None) -> None:
    client = staff("only", *EVERYTHING)
    assert "These figures are old" not in html(client, PAGE)
    Receipt.objects.update(received_at=timezone.now() - timedelta(days=2))
    Message.objects.filter(status="accepted").update(accepted_at=timezone.now() - timedelta(days=2))
    page = html(client, PAGE)
    assert "No receipts arrive" in page
    assert "2.0 days ago" in page.replace("\u00a0", " ")


def test_figures_that_are_old_say_that_upkeep_does_not_run(staff: StaffClient) -> None:
    make_message(timezone.now())
    assert "These figures are old" in html(staff("only", "view_dashboard"), PAGE)


def test_a_site_whose_times_have_no_zone(staff: StaffClient, settings: Settings) -> None:
    settings.USE_TZ = False
    make_message(timezone.now())
    count(timezone.now())
    assert "Messages by day and status" in html(staff("only", "view_dashboard"), PAGE)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.34, "0.3 s"), (59, "59 s"), (90, "1.5 min"), (7200, "2.0 h"), (200_000, "2.3 days")],
)
def test_lengths_of_time(seconds: float, said: str) -> None:
    assert words.duration(seconds).replace("\u00a0", " ") == said


@pytest.mark.parametrize(
    ("part", "said"), [(None, "–"), (0.0, "0 %"), (0.123, "12.3 %"), (0.9999, "99.9 %"), (1.0, "100 %")]
)
def test_parts_of_one(part: float | None, said: str) -> None:
    assert words.percent(part).replace("\u00a0", " ").replace("0.0 %", "0 %") == said


def test_numbers_up_to_the_cap() -> None:
    assert (words.up_to_cap(10_000), words.up_to_cap(10_001)) == ("10,000", "10,000+")
