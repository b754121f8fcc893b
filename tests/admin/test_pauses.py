"""What staff are told and may do while an account is paused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from django_ihuyi.models import AccountState, Message
from tests.fakes import FakeBroker

from .conftest import StaffClient, make_message
from .urls import html, list_url, page_url

SINCE = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)


@pytest.fixture
def paused(db: None) -> AccountState:
    """An account without credit, and one that sends."""
    AccountState.objects.create(account="fine", code=4050, msg="账号被冻结")
    return AccountState.objects.create(
        account="empty", paused_since=SINCE, code=4051, msg="剩余条数不足", probe_at=SINCE + timedelta(minutes=1)
    )


def test_the_list_says_which_account_is_paused_why_and_what_to_do(staff: StaffClient, paused: AccountState) -> None:
    page = html(staff("masked"), list_url(Message))
    for part in (
        "The account “empty” is paused: its messages wait.",
        "4051",
        "“剩余条数不足”",
        "The account has no messages left.",
        "Recharge the account in ihuyi&#x27;s console",
        "2026-03-05 12:00:00",
        "2026-03-05 12:01:00",
    ):
        assert part in page
    assert "fine" not in page


def test_a_silent_gateway_is_told_in_words_with_what_to_check(staff: StaffClient, paused: AccountState) -> None:
    # The probe's time is not known for a moment.
    AccountState.objects.filter(account="empty").update(code=None, msg="", probe_at=None)
    message = make_message(account="empty")
    client = staff("masked")
    for url in (list_url(Message), page_url(paused), page_url(message)):
        page = html(client, url)
        assert "The gateway does not answer, or says each time that it cannot work now." in page, url
        assert "Check this server&#x27;s network, its firewall and the account&#x27;s BASE_URL." in page, url
        assert "The account is tried again by itself." in page, url
    assert "The gateway does not answer" in html(client, list_url(AccountState))
    page = html(client, list_url(Message))
    assert "The account “empty” is paused" in page
    assert "The gateway answered:" not in page
    assert "Tried again by itself at" not in page


def test_what_a_pause_was_about_is_not_said_of_an_account_that_sends(staff: StaffClient, paused: AccountState) -> None:
    AccountState.objects.filter(account="empty").update(code=None, msg="", paused_since=None)
    client = staff("masked")
    for url in (list_url(AccountState), page_url(paused)):
        assert "does not answer" not in html(client, url)
        assert "firewall" not in html(client, url)


@pytest.mark.parametrize(
    ("offset", "says"),
    [(412, "clock is 412 s ahead of the gateway"), (-60, "clock is 60 s behind the gateway")],
    ids=["ahead", "behind"],
)
def test_a_wrong_clock_is_told_with_its_size(staff: StaffClient, paused: AccountState, offset: int, says: str) -> None:
    AccountState.objects.update(code=40501, clock_offset=offset)
    client = staff("masked")
    for url in (list_url(Message), page_url(paused)):
        page = html(client, url)
        assert says in page
        assert "set it by NTP" in page


def test_no_banner_without_a_pause(staff: StaffClient, paused: AccountState) -> None:
    AccountState.objects.update(paused_since=None)
    assert "ihuyi-banner" not in html(staff("masked"), list_url(Message))


def test_nobody_learns_of_a_pause_without_permission(staff: StaffClient, paused: AccountState) -> None:
    answer = staff("none").get(list_url(Message))
    assert answer.status_code == 403
    assert "empty" not in answer.content.decode()


def test_accounts_have_pages(staff: StaffClient, paused: AccountState) -> None:
    client = staff("masked")
    page = html(client, list_url(AccountState))
    assert "paused</span>" in page
    assert "sending</span>" in page
    page = html(client, page_url(paused))
    for part in ("empty", "4051", "剩余条数不足", "Recharge the account", "2026-03-05 12:01:00"):
        assert part in page


def test_an_account_that_never_paused_has_nothing_to_tell(staff: StaffClient, db: None) -> None:
    page = html(staff("masked"), page_url(AccountState.objects.create(account="default")))
    assert "sending</span>" in page
    assert page.count("–") >= 3


MAY = ("view_accountstate", "probe_account")


@pytest.mark.django_db(transaction=True)
def test_staff_who_may_have_a_paused_account_tried_at_once(
    staff: StaffClient, paused: AccountState, broker: FakeBroker
) -> None:
    waits = make_message(account="empty", due_at=SINCE, publish_at=timezone.now() + timedelta(minutes=9))
    client = staff("only", *MAY)
    probe = page_url(paused, "probe")
    assert f'href="{probe}"' in html(client, page_url(paused))
    assert "Have this account tried now?" in html(client, probe)  # and nothing happens
    assert (broker.take(), LogEntry.objects.count()) == ([], 0)
    page = client.post(probe, follow=True)
    assert page.redirect_chain == [(page_url(paused), 302)]
    assert "It is tried within a minute." in page.content.decode()
    paused.refresh_from_db()
    assert paused.paused_since == SINCE  # until it is known to be mended
    assert paused.probe_at is not None
    assert timezone.now() - paused.probe_at < timedelta(minutes=1)
    assert broker.take_pks() == [waits.pk]
    assert LogEntry.objects.get().change_message == "Had it tried at once."


def test_an_account_that_sends_is_not_tried(staff: StaffClient, paused: AccountState) -> None:
    AccountState.objects.update(paused_since=None, probe_at=None)
    client = staff("only", *MAY)
    assert page_url(paused, "probe") not in html(client, page_url(paused))
    page = client.post(page_url(paused, "probe"), follow=True).content.decode()
    assert "Nothing was done: it is not paused any more." in page
    assert (AccountState.objects.exclude(probe_at=None).count(), LogEntry.objects.count()) == (0, 0)


@pytest.mark.parametrize("permissions", [("view_accountstate",), ("probe_account",)])
def test_trying_an_account_wants_both_permissions(
    staff: StaffClient, paused: AccountState, permissions: tuple[str, ...]
) -> None:
    client = staff("only", "view_message", *permissions)
    probe = page_url(paused, "probe")
    assert [client.get(probe).status_code, client.post(probe).status_code] == [403, 403]
    assert probe not in html(client, list_url(Message))
    paused.refresh_from_db()
    assert paused.probe_at == SINCE + timedelta(minutes=1)


def test_the_banner_leads_to_trying_it(staff: StaffClient, paused: AccountState) -> None:
    assert f'href="{page_url(paused, "probe")}"' in html(staff("only", "view_message", *MAY), list_url(Message))


def test_there_is_nothing_to_try_of_an_account_that_nobody_knows(staff: StaffClient, paused: AccountState) -> None:
    assert staff("only", *MAY).post(page_url(AccountState(pk=0), "probe")).status_code == 404
