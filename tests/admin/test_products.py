"""What staff see of accounts of other products: where they show, what they are asked, and what they are not."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.models import AccountState, BalanceReading, Message, Template
from tests.fakes import FakeBroker
from tests.sending.template_factory import register

from .conftest import HoursAgo, StaffClient, make_message, make_reply
from .urls import html, list_url, listed, page_url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_products")]

ABROAD = "+14155550123"
TEST = "/admin/django_ihuyi/template/test-send/"
FORM = {
    "account": "abroad",
    "mobile": "+1 415 555 0123",
    "content": "Hello",
    "template": "",
    "params": "",
    "nonce": "n",
}


@pytest.fixture
def three(db: None) -> dict[str, Message]:
    """A message of each product."""
    return {
        "sms": make_message(),
        "international": make_message(mobile=ABROAD, content="Hello", account="abroad"),
        "voice": make_message(content="•••••", account="voice", category="verification"),
    }


@pytest.mark.parametrize("product", ["sms", "international", "voice"])
def test_messages_of_one_product(staff: StaffClient, three: dict[str, Message], product: str) -> None:
    client = staff("masked")
    assert listed(client, list_url(Message, f"?product={product}")) == [three[product].pk]
    assert listed(client, list_url(Message, "?product=fax")) == []


def test_the_account_is_shown_with_its_product(staff: StaffClient, three: dict[str, Message]) -> None:
    client = staff("masked")
    page = html(client, list_url(Message))
    assert "abroad (international SMS)" in page
    assert "voice (voice code)" in page
    assert "+14*******23" in page
    assert ABROAD not in page
    assert "abroad (international SMS)" in html(client, page_url(three["international"]))


def test_a_site_with_one_account_sees_nothing_of_it(staff: StaffClient, settings: Settings) -> None:
    message = make_message()
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": settings.IHUYI["ACCOUNTS"]["default"]}}
    page = html(staff("masked"), list_url(Message))
    assert "?product=" not in page
    assert "column-account_shown" not in page
    assert "default" in html(staff("masked", "view_message"), page_url(message))


def test_the_pages_of_accounts(staff: StaffClient) -> None:
    state = AccountState.objects.create(account="voice")
    AccountState.objects.create(account="gone")
    client = staff("masked")
    page = html(client, list_url(AccountState))
    assert "voice (voice code)" in page
    assert ">gone<" in page
    assert "voice (voice code)" in html(client, page_url(state))


@pytest.mark.parametrize("written", ["+1 415 555 0123", "0014155550123", ABROAD])
def test_a_number_abroad_is_found(staff: StaffClient, three: dict[str, Message], written: str) -> None:
    answer = staff("masked").get(list_url(Message), {"q": written})
    assert [row.pk for row in answer.context["cl"].result_list] == [three["international"].pk]


def test_missing_receipts_are_those_that_were_promised(staff: StaffClient, hours_ago: HoursAgo) -> None:
    old = {"status": "accepted", "code": 2, "created_at": hours_ago(26), "accepted_at": hours_ago(25)}
    awaited = make_message(**old)
    call = make_message(account="voice", category="verification", **old)
    client = staff("masked")
    assert listed(client, list_url(Message, "?receipt=missing")) == [awaited.pk]
    assert "That is long" in html(client, page_url(awaited))
    assert "no document of ihuyi&#x27;s tells of receipts" in html(client, page_url(call))


def test_a_test_send_abroad(staff: StaffClient, broker: FakeBroker) -> None:
    tester = staff("only", "send_test")
    page = html(tester, TEST)
    assert re.findall(r'<option value="(\w+)"', page)[:2] == ["default", "abroad"]
    assert tester.post(TEST, FORM).status_code == 302
    message = Message.objects.get()
    assert (message.mobile, message.account) == (ABROAD, "abroad")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"account": "default"}, "no mobile number that this kind of account reaches"),
        ({"mobile": "13800138000"}, "no mobile number that this kind of account reaches"),
        ({"account": "voice"}, "Select a valid choice"),
        ({"mobile": ""}, "This field is required"),
    ],
)
def test_a_test_send_that_no_account_can_make(staff: StaffClient, changes: dict[str, str], said: str) -> None:
    answer = staff("only", "send_test").post(TEST, {**FORM, **changes})
    assert said in answer.content.decode()
    assert not Message.objects.exists()


def test_a_trial_abroad_knows_no_templates(staff: StaffClient) -> None:
    template = register()
    tester = staff("only", "send_test")
    tried = tester.post(f"{TEST}trial/", {**FORM, "content": "", "template": str(template.pk), "params": "1\n2"})
    assert "4071" in tried.content.decode()
    assert "1 segment, 11 characters" in tester.post(f"{TEST}trial/", FORM).content.decode()


def test_a_country_that_the_account_does_not_send_to_is_told_at_the_number(
    staff: StaffClient, settings: Settings
) -> None:
    accounts = settings.IHUYI["ACCOUNTS"]
    near = {**accounts["abroad"], "COUNTRIES": ["852"]}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {**accounts, "abroad": near}}
    tester = staff("only", "send_test")
    assert list(tester.post(TEST, FORM).context["form"].errors) == ["mobile"]
    assert not Message.objects.exists()
    refused = [
        "406" in tester.post(f"{TEST}trial/", {**FORM, "mobile": mobile}).content.decode()
        for mobile in (ABROAD, "+85291234567")
    ]
    assert refused == [True, False]


def test_templates_are_registered_for_products_that_have_some(staff: StaffClient) -> None:
    page = html(staff("only", "add_template", "view_template"), reverse("admin:django_ihuyi_template_add"))
    assert re.findall(r'<option value="(\w+)"', page) == ["default"]
    assert not Template.objects.exists()


def test_a_number_abroad_is_answered_by_an_account_that_reaches_it(staff: StaffClient, broker: FakeBroker) -> None:
    reply = make_reply(mobile=ABROAD)
    client = staff("only", "view_message", "view_reply", "answer_reply", "view_unmasked")
    url = reverse("admin:django_ihuyi_conversation", args=["reply", reply.pk])
    assert '<option value="abroad" selected>' in html(client, url)
    form = {name: value for name, value in FORM.items() if name != "mobile"}
    assert client.post(url, form).status_code == 302
    assert Message.objects.get().mobile == ABROAD


def test_a_balance_in_yuan_is_called_so(staff: StaffClient, settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "BALANCE_LOW": 100}
    for alias in ("default", "abroad"):
        reading = BalanceReading.objects.create(account=alias, remaining=99, read_at=timezone.now())
        AccountState.objects.update_balance_state(reading, low=True)
    client = staff("only", "view_balancereading", "view_message")
    listing = html(client, list_url(BalanceReading))
    assert ">¥\xa099<" in listing
    assert ">99<" in listing
    banner = html(client, list_url(Message))
    assert "The account “default” has 99 messages left." in banner
    assert "The account “abroad” has 99 yuan left." in banner


@pytest.mark.parametrize("quoted", ["1 4155550123", "14155550123", ABROAD])
def test_a_number_that_the_gateway_quotes_is_masked(staff: StaffClient, quoted: str) -> None:
    message = make_message(mobile=ABROAD, account="abroad", status="rejected", code=406, msg=f"{quoted} 格式不正确")
    page = html(staff("masked"), page_url(message))
    assert "4155550123" not in page
    assert "+14*******23 格式不正确" in page
