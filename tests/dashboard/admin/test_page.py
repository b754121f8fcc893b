"""The dashboard says what happened, and each of its numbers leads to the list that counts the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.dashboard import counters
from django_ihuyi.dashboard.models import Dashboard, TallySlot
from django_ihuyi.dashboard.time_slots import slot_of
from django_ihuyi.models import AccountState, BalanceReading, Message, Receipt
from django_ihuyi.verification.models import Suspicion, VerificationCode
from tests.admin.conftest import VIEW, StaffClient
from tests.admin.urls import html, list_url, listed
from tests.dashboard.conftest import NOW, count, make_code, make_delivered, make_message
from tests.features import left_out

URL = "/admin/ihuyi_dashboard/dashboard/"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _at_noon(db: None) -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def week() -> None:
    """Some of everything, and what must not count."""
    for hours in (0, 1, 30):
        make_delivered(NOW - hours * HOUR, segments=2)
    make_delivered(NOW - HOUR, category="verification", account="second")
    make_message(NOW - HOUR, status="undelivered", code=2, accepted_at=NOW - HOUR)
    make_message(NOW - HOUR, status="rejected", code=4072)
    make_message(NOW - HOUR, status="rejected", code=None)
    make_message(NOW - 2 * DAY, status="unknown")
    make_message(NOW - 2 * DAY, status="accepted", code=2, accepted_at=NOW - 2 * DAY)
    make_message(NOW, status="queued", due_at=NOW - 7 * timedelta(minutes=1))
    make_delivered(NOW - 8 * DAY)
    make_code(entered_at=NOW)
    make_code()
    make_code(decoy=True)
    counters.open_slots(NOW)
    # Half-hours without a message in them need not be counted one by one.
    made = [slot_of(moment) for moment in Message.objects.values_list("created_at", flat=True)]
    TallySlot.objects.exclude(number__in=made).update(due_at=None, counted_at=NOW)
    count()


def figures(page: str) -> dict[str, str]:
    """The tiles of a page: name to value."""
    tiles = re.findall(r'tile-name">(.*?)</span>\s*<(?:a|span) class="ihuyi-tile-value"[^>]*>(.*?)</', page, re.DOTALL)
    return {re.sub(r"\s*<.*", "", name): unescape(value) for name, value in tiles}


@pytest.mark.usefixtures("week")
def test_the_numbers_of_a_week(staff: StaffClient, settings: Settings) -> None:
    account = settings.IHUYI["ACCOUNTS"]["default"]
    both = {"default": {**account, "PRICE": 0.03}, "second": {**account, "PRICE": 0.1}}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": both}
    page = html(staff("superuser"), URL)
    assert figures(page) == {
        "Messages": "10",
        "Delivered": "4",
        "To acceptance, p95": "0.6\u00a0s",
        "To delivery, p95": "9.9\u00a0s",
        "Segments charged": "9",
        "Codes entered": "50.0\u00a0%",
        "In the queue": "1",
        "Unknown": "1",
        "No receipt yet": "1",
        "Last receipt": "never",
        "Unread replies": "0",
    }
    for part in (
        "66.7\u00a0% of the 6 that the gateway took",
        "the oldest for 7.0\u00a0min",
        # 0.03 for each of 8 segments, 0.1 for one.
        "¥\u00a00.34",
        "The text does not match any approved template.",
        "It never reached the gateway and was given up.",
        "No receipts arrive, though the gateway takes messages.",
        "Times are in Asia/Shanghai.",
        "Counted until 2026-03-05 12:10.",
    ):
        assert part in page, part
    assert "not counted yet" not in page
    assert "the sweep does not run" not in page


@pytest.mark.usefixtures("week")
@pytest.mark.parametrize("query", ["", "?range=today", "?from=2026-03-03&to=2026-03-04"])
def test_every_number_leads_to_a_list_of_as_many(query: str, staff: StaffClient) -> None:
    client = staff("superuser")
    page = html(client, URL + query)
    links = re.findall(
        r'<a (?:class="ihuyi-tile-value" )?href="(/admin/django_ihuyi/[^"]*\?[^"]+)"[^>]*>([\d,]+)</a>', page
    )
    # A message is billed in several segments: their list is that of the messages.
    segments = figures(page)["Segments charged"]
    taken = [link for link in links if link[1] == segments and "status__in" in link[0]]
    assert taken
    links = [link for link in links if link not in taken]
    assert len(links) > 8
    for address, number in links:
        assert len(listed(client, unescape(address))) == int(number), address


@pytest.mark.usefixtures("week")
def test_a_column_s_parts_lead_to_their_messages(staff: StaffClient) -> None:
    client = staff("superuser")
    [columns, rates] = [
        json.loads(unescape(data)) for data in re.findall(r'data-ihuyi-chart="([^"]*)"', html(client, URL))
    ]
    assert columns["labels"] == rates["labels"] == ["02-27", "02-28", "03-01", "03-02", "03-03", "03-04", "03-05"]
    for part in columns["sets"]:
        for number, address in zip(part["data"], part["urls"], strict=True):
            assert len(listed(client, address)) == number
    assert {part["label"] for part in columns["sets"]} == {
        "delivered",
        "accepted",
        "undelivered",
        "rejected",
        "unknown",
        "queued",
    }
    assert rates["sets"][0]["data"] == [None, None, None, None, 0.0, 100.0, 75.0]


@pytest.mark.usefixtures("week")
def test_who_may_not_see_a_list_gets_no_link_to_it(staff: StaffClient) -> None:
    page = html(staff("only", "view_dashboard"), URL)
    assert figures(page)["Messages"] == "10"
    for model in (Message, VerificationCode, Receipt):
        assert list_url(model) not in page
    assert "13800138000" not in html(staff("superuser"), URL)


@pytest.mark.parametrize(
    ("permissions", "status"),
    [((), 403), (VIEW, 403), (("view_dashboard",), 200)],
    ids=["none", "others", "its own"],
)
def test_the_page_has_a_permission_of_its_own(permissions: tuple[str, ...], status: int, staff: StaffClient) -> None:
    client = staff("only", *permissions)
    answer = client.get(URL)
    assert answer.status_code == status
    assert (URL in html(client, reverse("admin:index"))) is (status == 200)


def test_strangers_log_in_first() -> None:
    assert Client().get(URL).status_code == 302


def test_the_list_of_messages_links_to_it(staff: StaffClient) -> None:
    assert f'<a href="{URL}">' in html(staff("superuser"), list_url(Message))
    assert URL not in html(staff("only", "view_message"), list_url(Message))


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_changes_nothing(method: str, staff: StaffClient) -> None:
    assert getattr(staff("superuser"), method)(URL).status_code == 405


def test_it_has_no_pages_of_rows(staff: StaffClient) -> None:
    client = staff("superuser")
    count()
    pk = Dashboard.objects.get().pk
    for address in (f"{URL}{pk}/change/", f"{URL}add/", f"{URL}{pk}/delete/"):
        assert client.get(address).status_code == 404


WRONG = {
    "order": "?from=2026-03-05&to=2026-03-04",
    "no day": "?from=yesterday&to=2026-03-04",
    "half": "?from=2026-03-04",
    "too long": "?from=2020-01-01&to=2026-03-04",
    "beyond the calendar": "?from=9999-12-31&to=9999-12-31",
}


@pytest.mark.parametrize("query", WRONG.values(), ids=WRONG)
def test_a_wrong_range_is_told_and_the_usual_one_shown(query: str, staff: StaffClient) -> None:
    page = html(staff("superuser"), URL + query)
    assert "Write a first and a last day, not more than 366 days in all." in page
    assert '<a href="?range=7d" aria-current="true">' in page


def test_an_unknown_name_is_the_usual_range(staff: StaffClient) -> None:
    page = html(staff("superuser"), f"{URL}?range=<script>")
    assert '<a href="?range=7d" aria-current="true">' in page
    assert "range=<script>" not in page


def test_days_are_those_of_the_reader_s_zone(staff: StaffClient) -> None:
    # 02:00 in Shanghai is still the day before in Kolkata, where 18:30 UTC is midnight.
    make_message(NOW.replace(hour=18, minute=15) - DAY)
    count()
    client = staff("superuser")
    assert figures(html(client, f"{URL}?range=today"))["Messages"] == "1"
    with timezone.override("Asia/Kolkata"):
        page = html(client, f"{URL}?range=today")
    assert figures(page)["Messages"] == "0"
    assert "Times are in Asia/Kolkata." in page


def test_a_site_without_time_zones_has_a_dashboard(staff: StaffClient, settings: Settings) -> None:
    settings.USE_TZ = False
    make_delivered(timezone.now())
    count(timezone.now())
    client = staff("superuser")
    page = html(client, f"{URL}?range=24h")
    assert figures(page)["Messages"] == "1"
    [address] = re.findall(r'value" href="([^"]+message/\?created_at__gte=[^"]+)">1<', page)[:1]
    assert len(listed(client, unescape(address))) == 1


@pytest.mark.parametrize(("minutes", "told"), [(4, False), (6, True)], ids=["fresh", "old"])
def test_figures_that_are_old_are_told(minutes: int, staff: StaffClient, *, told: bool) -> None:
    count()
    with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
        client = staff("superuser")
        assert ("the sweep does not run" in html(client, URL)) is told
        assert "the sweep does not run" not in html(client, f"{URL}?from=2026-03-01&to=2026-03-02")


def test_what_is_not_counted_yet_is_told(staff: StaffClient) -> None:
    make_message(NOW - HOUR)
    counters.open_slots(NOW)
    page = html(staff("superuser"), URL)
    assert "3 half-hours of this range are not counted yet." in page
    assert "the sweep does not run" in page


def test_banners_of_pauses_and_bombing(staff: StaffClient) -> None:
    AccountState.objects.create(account="empty", paused_since=NOW, code=4051, msg="剩余条数不足")
    Suspicion.objects.create(subject="site", since=NOW, seen_at=NOW, sent=30, entered=0)
    page = html(staff("superuser"), URL)
    assert "The account “empty” is paused" in page
    assert "SMS bombing is suspected" in page


def test_the_credit_and_when_it_ends(staff: StaffClient) -> None:
    client = staff("superuser")
    assert "How long the credit lasts" not in html(client, URL)
    for days, left in ((4, 1400), (0, 1000)):
        BalanceReading.objects.create(account="default", remaining=left, read_at=NOW - days * DAY)
    page = html(client, URL)
    cells = re.findall(r"<td>(.*?)</td>", page[page.index("How long the credit lasts") :])
    assert cells == ["default", "1,000", "2026-03-05 12:10", "100", "2026-03-15"]
    assert json.loads(unescape(re.findall(r'data-ihuyi-chart="([^"]*)"', page)[2]))["sets"][0]["data"] == [1400, 1000]


def test_a_balance_that_stands_still_ends_on_no_day(staff: StaffClient) -> None:
    BalanceReading.objects.create(account="default", remaining=7, read_at=NOW)
    page = html(staff("superuser"), URL)
    assert re.findall(r"<td>(.*?)</td>", page[page.index("How long the credit lasts") :])[-1] == "–"


def test_codes__verification_left_out__have_no_table_and_no_links(staff: StaffClient) -> None:
    make_code()
    client, table, links = staff("superuser"), 'id="ihuyi-codes"', f"{list_url(VerificationCode)}?"
    with left_out("django_ihuyi.verification"):
        assert table not in html(client, URL)
    count()
    assert links in html(client, URL)
    with left_out("django_ihuyi.verification"):
        page = html(client, URL)
    # What was counted before is shown.
    assert figures(page)["Codes entered"] == "0.0\u00a0%"
    assert table in page
    assert links not in page


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_nothing_inline_and_everything_from_the_app(language: str, staff: StaffClient) -> None:
    page = staff("superuser").get(URL, headers={"accept-language": language}).content.decode()
    assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", page)
    assert {source.split("/")[1] for source in re.findall(r'(?:src|rel="stylesheet" href)="([^"]+)"', page)} == {
        "static"
    }
    assert ("统计面板" in page) is (language == "zh-hans")


@pytest.mark.usefixtures("week")
def test_the_number_of_queries_does_not_grow(staff: StaffClient) -> None:
    client = staff("only", "view_dashboard", *VIEW)
    # The session, its user and permissions, pauses, alarms; four of figures, six of the present, one of balances.
    wanted = 4 + 2 + 4 + 6 + 1
    for query in ("?range=today", "?range=7d", "?range=90d"):
        with CaptureQueriesContext(connection) as queries:
            html(client, URL + query)
        assert len(queries) == wanted, [one["sql"] for one in queries]
