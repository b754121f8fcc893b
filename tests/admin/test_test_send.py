"""The test send: tried, sent once, logged, limited, and watched by who sent it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from django_ihuyi.admin.test_send import TEST_PURPOSE
from django_ihuyi.models import Message, Template
from tests.fakes import FakeBroker
from tests.sending.template_factory import register

from .conftest import MOBILE, StaffClient
from .urls import html, list_url

pytestmark = pytest.mark.django_db

PAGE = "/admin/django_ihuyi/template/test-send/"
TRIAL = f"{PAGE}trial/"
FORM = {"account": "default", "mobile": "138 0013 8000", "content": "您好", "template": "", "params": "", "nonce": "n1"}


@pytest.fixture
def tester(staff: StaffClient) -> Client:
    """Staff who may send tests and nothing else."""
    return staff("only", "send_test")


def test_sending_and_watching(tester: Client, broker: FakeBroker, staff: StaffClient) -> None:
    assert "test_send.js" in html(tester, PAGE)
    answer = tester.post(PAGE, FORM)
    message = Message.objects.get()
    assert answer.headers["Location"] == f"{PAGE}?message={message.pk}"
    assert (message.mobile, message.content, message.category) == (MOBILE, "您好", "notification")
    entry = LogEntry.objects.get()
    assert (entry.get_change_message(), entry.object_id) == (f"Added test message “SMS {message.pk}”.", str(message.pk))
    page = html(tester, f"{PAGE}?message={message.pk}")
    status = f"{PAGE}{message.pk}/"
    assert f'data-ihuyi-status="{status}"' in page
    assert "data-on-the-way" in html(tester, status)
    Message.objects.update(status="delivered")
    piece = html(tester, status)
    assert 'data-status="delivered"' in piece
    assert "data-on-the-way" not in piece
    assert MOBILE not in piece
    assert reverse("admin:django_ihuyi_message_change", args=[message.pk]) not in piece
    # Another's test, and what is no test, are nobody's business here.
    assert staff("only", "send_test", "view_message").get(status).status_code == 404
    other = Message.objects.create(mobile=MOBILE, content="您好")
    assert tester.get(f"{PAGE}{other.pk}/").status_code == 404
    assert tester.get(f"{PAGE}?message={'9' * 30}").status_code == 200


def test_a_double_click_sends_once(tester: Client, broker: FakeBroker) -> None:
    locations = {tester.post(PAGE, FORM).headers["Location"] for _ in range(2)}
    assert len(locations) == Message.objects.count() == LogEntry.objects.count() == 1
    nonces = {re.findall(r'name="nonce" value="([^"]+)"', html(tester, PAGE))[0] for _ in range(2)}
    assert len(nonces) == 2


def test_a_template_by_name(tester: Client, broker: FakeBroker) -> None:
    template = register()
    tester.post(PAGE, {**FORM, "content": "", "template": template.pk, "params": "A7\n明天"})
    message = Message.objects.get()
    assert (message.template, message.content) == ("1001", "A7|明天")


REFUSED = [
    ("emoji", {"content": "您好😀"}, "emoji"),
    ("nothing", {"content": ""}, "empty"),
    ("no number", {"mobile": "123"}, "no mobile number that this kind of account reaches"),
    ("variables", {"content": "", "template": "T"}, "empty"),
    ("both", {"template": "T"}, "not both"),
]


@pytest.mark.parametrize(("change", "says"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_not_sent(tester: Client, change: dict[str, Any], says: str) -> None:
    template = register()
    change = {name: template.pk if value == "T" else value for name, value in change.items()}
    page = tester.post(PAGE, {**FORM, **change})
    assert page.status_code == 200
    assert "Nothing was sent" in page.content.decode()
    assert says in page.content.decode()
    assert not Message.objects.exists()
    assert not LogEntry.objects.exists()


TRIALS = [
    ("fine", {}, ["1 segment, 8 characters", "【互亿无线】您好"], ['ihuyi-bad"']),
    ("nobody yet", {"mobile": ""}, ["1 segment"], ['ihuyi-bad"']),
    ("long", {"content": "字" * 80}, ["2 segments, 86 characters"], []),
    ("both wrong", {"mobile": "1", "content": "【x】"}, [">406<", ">4070<"], ["segment"]),
    ("fits", {"content": "您的订单A7已发货，明天送达。"}, ["approved template “order-shipped”"], ['ihuyi-bad"']),
    ("fits none", {"content": "您的订单"}, ["likely refused", ">4072<", "1 segment"], ['ihuyi-bad"']),
    ("template", {"template": "T", "params": "A7\n明天"}, ["订单A7已发货，明天送达", "order, when"], ['ihuyi-bad"']),
    ("variable", {"template": "T", "params": "A7\n123456789"}, [">40722<", "order, when"], ["segment"]),
    ("html", {"content": "<b>您好</b>"}, ["&lt;b&gt;"], ["<b>"]),
    ("unknown account", {"account": "shop"}, ["1 segment"], []),
]


@pytest.mark.parametrize(("change", "shown", "hidden"), [row[1:] for row in TRIALS], ids=[row[0] for row in TRIALS])
def test_trying(tester: Client, change: dict[str, Any], shown: list[str], hidden: list[str], request: Any) -> None:
    if "template" in change or "fits" in request.node.name:
        template = register()
        change = {name: template.pk if value == "T" else value for name, value in change.items()}
    for answer in (tester.post(TRIAL, {**FORM, **change}), tester.post(PAGE, {**FORM, **change, "try": "1"})):
        assert answer.status_code == 200
        piece = answer.content.decode().partition("data-ihuyi-result>")[2] or answer.content.decode()
        assert [text for text in shown if text not in piece] == []
        assert [text for text in hidden if text in piece] == []
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("price", "says"),
    [pytest.param(0.035, "It costs ¥\u00a00.07.", id="known"), pytest.param(None, "", id="not known")],
)
def test_what_it_costs(tester: Client, settings: Any, price: float | None, says: str) -> None:
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "PRICE": price}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account}}
    piece = tester.post(TRIAL, {**FORM, "content": "字" * 80}).content.decode()
    assert "2 segments" in piece
    assert ("It costs" in piece, says in piece) == (price is not None, True)


def test_a_sure_refusal_is_told_as_one(tester: Client, use: Callable[..., None]) -> None:
    use(TEMPLATE_MATCHING="refuse")
    register()
    piece = tester.post(TRIAL, FORM).content.decode()
    assert ">4072<" in piece
    assert 'ihuyi-bad"' in piece


@pytest.mark.parametrize(("window", "most"), TEST_PURPOSE.limits, ids=["minute", "day"])
def test_a_person_s_tests_are_limited(
    tester: Client, staff: StaffClient, broker: FakeBroker, window: Any, most: int
) -> None:
    for number in range(most):
        Message.objects.all().update(created_at="2020-01-01 00:00Z")
        tester.post(PAGE, {**FORM, "nonce": str(number)})
        if most > 5:
            LogEntry.objects.update(
                action_time=LogEntry.objects.latest("pk").action_time - TEST_PURPOSE.limits[0][0] * 2
            )
    answer = tester.post(PAGE, {**FORM, "nonce": "one more"})
    assert "Wait a while" in answer.content.decode()
    assert Message.objects.count() == most
    assert staff("only", "send_test", "view_message").post(PAGE, FORM).status_code == 302


def test_tests_are_counted_where_the_log_is_written(tester: Client, broker: FakeBroker, settings: Settings) -> None:
    settings.DATABASE_ROUTERS = ["tests.db_routers.LogsFromReplica"]
    assert tester.post(PAGE, FORM).status_code == 302


@pytest.mark.parametrize("url", [PAGE, TRIAL, f"{PAGE}1/"])
@pytest.mark.parametrize("kind", ["whole", "none"])
def test_only_with_the_permission(url: str, kind: str, staff: StaffClient) -> None:
    client = staff(kind)
    ask = client.post if url == TRIAL else client.get
    assert ask(url, FORM).status_code == 403
    assert client.post(PAGE, FORM).status_code == 403
    assert Client().get(url).status_code == 302
    assert not Message.objects.exists()


def test_csrf_and_methods(tester: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = tester.cookies
    assert [strict.post(url, FORM).status_code for url in (PAGE, TRIAL)] == [403, 403]
    assert tester.get(TRIAL).status_code == 405
    assert tester.post(f"{PAGE}1/").status_code == 405


def test_the_lists_lead_there(staff: StaffClient) -> None:
    may = staff("only", "send_test", "view_message", "view_template")
    may_not = staff("only", "view_message", "view_template")
    for model in (Message, Template):
        assert PAGE in html(may, list_url(model))
        assert PAGE not in html(may_not, list_url(model))


def test_pages_have_nothing_inline(tester: Client) -> None:
    page = html(tester, PAGE)
    main = page[page.index("ihuyi-test-send") :]
    assert re.search(r"<script(?![^>]*src)|style=|\son[a-z]+=", main) is None


def test_queries(tester: Client, broker: FakeBroker, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    tester.post(TRIAL, FORM)
    with django_assert_num_queries(5):
        tester.post(TRIAL, FORM)
    tester.post(PAGE, FORM)
    message = Message.objects.get()
    with django_assert_num_queries(6):
        html(tester, f"{PAGE}{message.pk}/")
