"""Who opted out: seen masked, found by exact number, added and removed by those who may."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from django_ihuyi.models import OptOut

from .conftest import MASKED, MOBILE, HoursAgo, StaffClient, make_reply
from .urls import html, list_url, listed, page_url

pytestmark = pytest.mark.django_db

ADD = "/admin/django_ihuyi/optout/add/"


@pytest.fixture
def opted_out(db: None) -> OptOut:
    """One who said TD."""
    return OptOut.objects.create(mobile=MOBILE, reason="TD")


@pytest.fixture
def keeper(staff: StaffClient) -> Client:
    """Staff who keep the list, and see numbers masked."""
    return staff("only", "view_optout", "add_optout", "delete_optout")


@pytest.mark.parametrize(("kind", "shown", "hidden"), [("masked", MASKED, MOBILE), ("whole", MOBILE, MASKED)])
def test_numbers_are_masked(kind: str, shown: str, hidden: str, staff: StaffClient, opted_out: OptOut) -> None:
    client = staff(kind)
    for url in (list_url(OptOut), page_url(opted_out)):
        page = html(client, url)
        assert shown in page
        assert hidden not in page
        assert "TD" in page
    assert MOBILE not in f"{opted_out}{opted_out!r}"


@pytest.mark.parametrize(
    ("text", "found", "hint"), [("+86 138-0013-8000", 1, False), ("13900139000", 0, False), ("1380013", 0, True)]
)
def test_they_are_found_by_whole_number(
    text: str, found: int, hint: bool, staff: StaffClient, opted_out: OptOut
) -> None:
    answer = staff("masked").get(list_url(OptOut), {"q": text})
    assert len(answer.context["cl"].result_list) == found
    assert ("That is no mobile number." in answer.content.decode()) is hint


def test_an_address_cannot_ask_for_what_the_mask_hides(
    staff: StaffClient, opted_out: OptOut, hours_ago: HoursAgo
) -> None:
    client = staff("masked")
    assert client.get(list_url(OptOut, "?mobile__startswith=138")).status_code == 400
    long_ago = urlencode({"created_at__lt": hours_ago(48).isoformat()})
    assert listed(client, list_url(OptOut, f"?{long_ago}")) == []


@pytest.mark.parametrize("written", ["138 0013 8000", "+86 13800138000", "１３８００１３８０００"])
def test_a_number_is_added_however_it_is_written(written: str, keeper: Client) -> None:
    assert keeper.get(ADD).status_code == 200
    answer = keeper.post(ADD, {"mobile": written, "reason": "asked by phone"}, follow=True)
    opt_out = OptOut.objects.get()
    assert (opt_out.mobile, opt_out.reason) == (MOBILE, "asked by phone")
    # Neither the message on the page nor the log names the number.
    assert MOBILE not in answer.content.decode()
    entry = LogEntry.objects.get()
    assert MOBILE not in f"{entry.object_repr}{entry.change_message}"


@pytest.mark.parametrize(
    ("written", "recorded"),
    [
        ("+852 6123 4567", "+85261234567"),
        ("00852 6123-4567", "+85261234567"),
        ("+44 7400 123456", "+447400123456"),
        ("0086 138 0013 8000", MOBILE),
    ],
)
def test_number__of_any_country__is_added_in_the_form_of_the_record(
    written: str, recorded: str, keeper: Client
) -> None:
    assert keeper.post(ADD, {"mobile": written, "reason": ""}).status_code == 302
    assert OptOut.objects.get().mobile == recorded


@pytest.mark.parametrize("written", ["", "021 6277 0000", "1380013", "+852", "+999 1234 5678", MOBILE])
def test_what_is_no_number_or_is_there_already_is_not_added(written: str, keeper: Client, opted_out: OptOut) -> None:
    answer = keeper.post(ADD, {"mobile": written, "reason": ""})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.keys() == {"mobile"}
    assert OptOut.objects.count() == 1


def test_one_is_removed_and_the_log_says_so(keeper: Client, opted_out: OptOut) -> None:
    url = page_url(opted_out, "delete")
    assert MOBILE not in html(keeper, url)
    keeper.post(url, {"post": "yes"})
    assert not OptOut.objects.exists()
    entry = LogEntry.objects.get()
    assert (entry.is_deletion(), entry.object_repr) == (True, f"opt-out {opted_out.pk}")


def test_nobody_changes_one(keeper: Client, opted_out: OptOut) -> None:
    assert keeper.post(page_url(opted_out), {"mobile": "13900139000", "reason": ""}).status_code == 403
    assert OptOut.objects.get().mobile == MOBILE


@pytest.mark.parametrize("codename", ["add_optout", "delete_optout"])
def test_each_permission_is_its_own(codename: str, staff: StaffClient, opted_out: OptOut) -> None:
    client = staff("only", "view_optout", codename)
    allowed = {"add_optout": ADD, "delete_optout": page_url(opted_out, "delete")}
    assert {name: client.get(url).status_code for name, url in allowed.items()} == {
        name: 200 if name == codename else 403 for name in allowed
    }
    assert (reverse("admin:django_ihuyi_optout_add") in html(client, list_url(OptOut))) is (codename == "add_optout")


@pytest.mark.parametrize(("codenames", "linked"), [((), False), (("view_reply",), True)])
def test_the_reply_that_asked_for_it_is_named(codenames: tuple[str, ...], linked: bool, staff: StaffClient) -> None:
    reply = make_reply(content="TD")
    row = OptOut.objects.create(mobile=MOBILE, reply=reply, reason="TD")
    page = html(staff("only", "view_optout", *codenames), page_url(row))
    assert f"reply {reply.pk}" in page
    assert (page_url(reply) in page) is linked
