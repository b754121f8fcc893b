"""Conversations: in order, a page at a time, masked, marked as read, and answered once by those who may."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from django_ihuyi.admin.conversation import REPLY_PURPOSE, SHOWN
from django_ihuyi.mobile_hash import hash_mobile
from django_ihuyi.models import Message, OptOut, Reply
from tests.fakes import FakeBroker

from .conftest import MASKED, MOBILE, StaffClient, make_message, make_reply
from .urls import html, page_url

pytestmark = pytest.mark.django_db

VIEW = ("view_message", "view_reply")
FORM = {"account": "default", "template": "", "content": "您好，已为您处理", "params": "", "nonce": "n1"}
NOON = timezone.now() - timedelta(days=1)


def url(row: Message | Reply, more: str = "") -> str:
    return reverse(f"admin:django_ihuyi_conversation{more}", args=[row._meta.model_name, row.pk])


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


def heads(page: str) -> list[str]:
    """The names of the messages and replies on a page, in their order."""
    return re.findall(r'<p class="ihuyi-entry-head"><a href="[^"]+">([^<]+)</a>', page)


@pytest.fixture
def talk(db: None) -> list[Message | Reply]:
    """Two messages and two replies in turn, and another number's message in between."""
    first = make_message(status="delivered", smsid="1" * 20, created_at=at(0))
    make_message(mobile="13900139000", created_at=at(1))
    answer = make_reply(first, content="什么时候到", received_at=at(2))
    second = make_message(content="明天到", created_at=at(3))
    return [first, answer, second, make_reply(content="好的", received_at=at(4))]


def test_everything_of_the_number_in_the_order_of_time(staff: StaffClient, talk: list[Message | Reply]) -> None:
    client = staff("whole")
    for row in talk:
        page = html(client, url(row))
        assert heads(page) == [str(one) if isinstance(one, Reply) else f"SMS {one.pk}" for one in talk]
        assert [text in page for text in ("什么时候到", "好的", "明天到", MOBILE)] == [True] * 4
        # Which message a reply answers is told beside it.
        assert f'answers <a href="{page_url(talk[0])}">SMS {talk[0].pk}</a>' in page
        assert MOBILE not in url(row)


def test_masked_for_those_who_see_no_numbers(staff: StaffClient, talk: list[Message | Reply]) -> None:
    page = html(staff("masked"), url(talk[1]))
    assert MASKED in page
    assert [text for text in (MOBILE, "什么时候到", "明天到", "您的订单") if text in page] == []
    assert not LogEntry.objects.exists()


def test_a_code_is_shown_to_nobody(staff: StaffClient, talk: list[Message | Reply]) -> None:
    make_message(category="verification", content="您的验证码是：482913。")
    assert "482913" not in html(staff("superuser"), url(talk[0]))


def test_who_looked_is_noted(staff: StaffClient, talk: list[Message | Reply]) -> None:
    html(staff("whole"), url(talk[0]))
    assert {(entry.object_repr, entry.change_message) for entry in LogEntry.objects.all()} == {
        (name, f"Looked at 2 rows unmasked, {first.pk} to {last.pk}.")
        for name, first, last in (("messages", talk[0], talk[2]), ("replies", talk[1], talk[3]))
    }


def test_a_page_at_a_time(staff: StaffClient, db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    rows: list[Message | Reply] = []
    for minute in range(SHOWN + 5):
        # Two of each: the times of one table do not decide where the other's page ends.
        at_once = at(minute // 2)
        rows.append(make_reply(received_at=at_once) if minute % 3 == 0 else make_message(created_at=at_once))
    client = staff("only", *VIEW)
    html(client, url(rows[0]))
    # Session, user, their permissions and their groups', the row, both tables, opt-outs.
    with django_assert_num_queries(8):
        newest = html(client, url(rows[0]))
    [older] = re.findall(r'<a href="([^"]+)" rel="prev">', newest)
    oldest = html(client, older.replace("&amp;", "&"))
    assert len(heads(newest)) == SHOWN
    assert len(heads(oldest)) == 5
    assert {*heads(newest), *heads(oldest)} == {str(r) if isinstance(r, Reply) else f"SMS {r.pk}" for r in rows}
    assert 'rel="prev"' not in oldest
    assert f'href="{url(rows[0])}">Newest' in oldest
    assert "Newest" not in newest


@pytest.mark.parametrize("query", ["?messages=1&replies=1", "?messages=0"])
def test_below_everything(query: str, staff: StaffClient, talk: list[Message | Reply]) -> None:
    page = html(staff("masked"), url(talk[0]) + query)
    assert ("Nothing more." in page) is (query != "?messages=0")


@pytest.mark.parametrize("query", ["?messages=x", "?replies=" + "9" * 30, "?messages=%C2%B2"])
def test_a_wrong_address_shows_the_newest(query: str, staff: StaffClient, talk: list[Message | Reply]) -> None:
    assert len(heads(html(staff("masked"), url(talk[0]) + query))) == 4


LOOKERS = [("none", (), 403), ("only", ("view_message",), 403), ("only", ("view_reply",), 403), ("only", VIEW, 200)]


@pytest.mark.parametrize(("kind", "permissions", "status"), LOOKERS)
def test_only_for_those_who_see_messages_and_replies(
    kind: str, permissions: tuple[str, ...], status: int, staff: StaffClient, talk: list[Message | Reply]
) -> None:
    client = staff(kind, *permissions)
    assert client.get(url(talk[0])).status_code == status
    for row in talk[:2]:
        page = client.get(page_url(row))
        assert (url(row) in page.content.decode()) is (status == 200)
    # To see is not to do.
    for more in ("", "_trial", "_read"):
        assert client.post(url(talk[0], more), FORM).status_code == 403
    assert 'name="content"' not in client.get(url(talk[0])).content.decode()
    assert Message.objects.count() == 3


@pytest.mark.parametrize(("kind", "pk"), [("message", 10**6), ("reply", 10**6), ("receipt", 1)])
def test_no_such_row(kind: str, pk: int, staff: StaffClient) -> None:
    client = staff("superuser")
    assert client.get(reverse("admin:django_ihuyi_conversation", args=[kind, pk])).status_code == 404


@pytest.fixture
def clerk(staff: StaffClient) -> Client:
    """Staff who answer."""
    return staff("only", *VIEW, "answer_reply", "mark_reply")


def test_an_answer_goes_out_once(clerk: Client, talk: list[Message | Reply], broker: FakeBroker) -> None:
    page = html(clerk, url(talk[1]))
    assert 'name="nonce"' in page
    assert "test_send.js" in page
    assert MOBILE not in page
    for _ in range(2):
        answer = clerk.post(url(talk[1]), FORM, follow=True)
        assert answer.redirect_chain == [(url(talk[1]), 302)]
    sent = Message.objects.latest("pk")
    assert Message.objects.count() == 4
    assert (sent.mobile, sent.content, sent.category) == (MOBILE, FORM["content"], "notification")
    assert sent.metadata["answered_by"].isdecimal()
    assert f"on its way as SMS {sent.pk}" in answer.content.decode()
    entry = LogEntry.objects.get()
    assert entry.get_change_message() == f"Added answer “SMS {sent.pk}”."


def test_what_is_wrong_is_said_and_nothing_sent(clerk: Client, talk: list[Message | Reply]) -> None:
    answer = clerk.post(url(talk[1]), {**FORM, "content": "好😀"})
    assert "Nothing was sent" in answer.content.decode()
    assert "emoji" in answer.content.decode()
    for more, form in (("_trial", FORM), ("", {**FORM, "try": "1"})):
        tried = clerk.post(url(talk[1], more), form).content.decode()
        assert "1 segment" in tried
        assert MOBILE not in tried
    assert Message.objects.count() == 3


def test_answers_are_limited_by_themselves(clerk: Client, talk: list[Message | Reply], broker: FakeBroker) -> None:
    _window, most = REPLY_PURPOSE.limits[0]
    for number in range(most):
        Message.objects.update(created_at="2020-01-01 00:00Z")
        assert clerk.post(url(talk[1]), {**FORM, "nonce": str(number)}).status_code == 302
    assert "Wait a while" in clerk.post(url(talk[1]), {**FORM, "nonce": "more"}).content.decode()
    assert Message.objects.count() == 3 + most


@pytest.mark.parametrize(("account", "offered"), [("shop", "shop"), ("gone", "default")])
def test_the_account_of_the_newest_message_is_offered(
    account: str,
    offered: str,
    clerk: Client,
    talk: list[Message | Reply],
    settings: Settings,
) -> None:
    accounts = dict.fromkeys(("default", "shop"), settings.IHUYI["ACCOUNTS"]["default"])
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": accounts}
    Message.objects.filter(pk=talk[2].pk).update(account=account)
    assert f'<option value="{offered}" selected>' in html(clerk, url(talk[0]))


def test_all_is_marked_as_read_by_a_button(clerk: Client, talk: list[Message | Reply]) -> None:
    make_reply(mobile="13900139000")
    read = url(talk[1], "_read")
    assert f'action="{read}"' in html(clerk, url(talk[1]))
    assert Reply.objects.filter(read_at=None).count() == 3
    assert clerk.get(read).status_code == 405
    assert "2 replies marked." in clerk.post(read, follow=True).content.decode()
    assert [reply.mobile for reply in Reply.objects.filter(read_at=None)] == ["13900139000"]
    assert LogEntry.objects.filter(action_flag=CHANGE).count() == 2
    assert f'action="{read}"' not in html(clerk, url(talk[1]))


def test_an_opt_out_is_told(clerk: Client, talk: list[Message | Reply]) -> None:
    assert "no marketing texts" not in html(clerk, url(talk[1]))
    OptOut.objects.create(mobile=MOBILE)
    assert "no marketing texts" in html(clerk, url(talk[1]))


def test_a_number_that_is_not_kept(clerk: Client, staff: StaffClient, talk: list[Message | Reply]) -> None:
    hashed = hash_mobile(MOBILE)
    Message.objects.filter(pk=talk[0].pk).update(mobile=hashed)
    # From a row that has the number, the hashed ones are found as well; from a hashed one, only those like it.
    assert len(heads(html(clerk, url(talk[1])))) == 4
    page = html(staff("superuser"), url(talk[0]))
    assert len(heads(page)) == 1
    assert "not kept any more" in page
    assert hashed not in page
    assert MASKED in page
    assert clerk.post(url(talk[0]), FORM).status_code == 200
    assert Message.objects.count() == 3
