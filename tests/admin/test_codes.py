"""The pages of verification codes and of the watch, and the banner while bombing is suspected."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Model
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.masking import mask_address
from django_ihuyi.models import Message
from django_ihuyi.verification.models import Suspicion, VerificationCode

from .conftest import MASKED, MOBILE, StaffClient, make_code
from .urls import html, list_url, listed, page_url

ADDRESS = "203.0.113.7"
PAST = timezone.now() - timedelta(days=1)

STATES: list[tuple[str, dict[str, Any]]] = [
    ("waiting", {}),
    ("entered", {"entered_at": PAST, "tries": 5}),
    ("tried out", {"tries": 5}),
    ("not entered", {"expires_at": PAST}),
    ("decoy", {"decoy": True}),
]


@pytest.mark.parametrize(("state", "values"), STATES, ids=[row[0] for row in STATES])
def test_what_became_of_a_code(staff: StaffClient, state: str, values: dict[str, Any]) -> None:
    code = make_code(**values)
    client = staff("masked")
    for url in (list_url(VerificationCode), page_url(code)):
        assert f"</span> {state}</span>" in html(client, url)


@pytest.mark.parametrize("kind", ["masked", "whole", "superuser"])
def test_no_page_shows_a_code_or_what_it_is_made_of(staff: StaffClient, kind: str) -> None:
    code = make_code()
    client = staff(kind)
    for url in (list_url(VerificationCode), page_url(code), page_url(code, "history")):
        page = html(client, url)
        assert code.derive() not in page
        assert code.nonce not in page
        assert (MOBILE in page) <= (kind != "masked")
        assert (ADDRESS in page) <= (kind != "masked")


def test_masked_and_whole(staff: StaffClient) -> None:
    code = make_code()
    for kind, number, address in (("masked", MASKED, "203.0.*.*"), ("whole", MOBILE, ADDRESS)):
        client = staff(kind)
        for url in (list_url(VerificationCode), page_url(code)):
            page = html(client, url)
            assert number in page
            assert address in page


def test_found_by_whole_number_only(staff: StaffClient) -> None:
    code = make_code()
    make_code(mobile="13900139000")
    client = staff("masked")
    assert listed(client, list_url(VerificationCode, "?q=138 0013 8000")) == [code.pk]
    assert listed(client, list_url(VerificationCode, "?q= ")) != []
    answer = client.get(list_url(VerificationCode, "?q=1380013"))
    assert "That is no mobile number." in answer.content.decode()
    assert listed(client, list_url(VerificationCode, "?q=1380013")) == []


@pytest.mark.parametrize("query", ["?mobile__startswith=138", "?nonce__startswith=f", "?address=203.0.113.7"])
def test_an_address_cannot_ask_for_what_the_mask_hides(staff: StaffClient, query: str) -> None:
    make_code()
    assert staff("masked").get(list_url(VerificationCode, query)).status_code in {302, 400}


def test_the_message_is_a_link_for_those_who_may_follow_it(staff: StaffClient, delivered: Message) -> None:
    code, other = make_code(delivered), make_code()
    link = f">SMS {delivered.pk}</a>"
    assert link in html(staff("masked"), page_url(code))
    reader = staff("only", "view_verificationcode")
    assert link not in html(reader, page_url(code))
    assert f"SMS {delivered.pk}" in html(reader, page_url(code))
    for client in (reader, staff("whole")):
        assert "SMS" not in html(client, page_url(other)).partition("field-message")[2][:300]


SUBJECTS = [
    ("site", "the whole site", "the whole site"),
    ("prefix:1380013", "numbers that begin with 138****", "numbers that begin with 1380013"),
    ("prefix:+1415555", "numbers that begin with +14*****", "numbers that begin with +1415555"),
    ("address:203.0.113.7", "address 203.0.*.*", "address 203.0.113.7"),
    ("address:2001:db8:1:2::/64", "address 2001:db8:*", "address 2001:db8:1:2::/64"),
    ("network:2001:db8:1::/48", "network 2001:db8:*", "network 2001:db8:1::/48"),
]


@pytest.mark.parametrize(("subject", "masked", "whole"), SUBJECTS)
def test_what_is_suspected(staff: StaffClient, subject: str, masked: str, whole: str) -> None:
    Suspicion.objects.suspect(subject, sent=33, entered=4, now=timezone.now())
    row = Suspicion.objects.get()
    for kind, words in (("masked", masked), ("whole", whole)):
        client = staff(kind)
        for url in (list_url(Suspicion), page_url(row)):
            page = html(client, url)
            assert words in page
            assert (whole in page) is (kind == "whole" or masked == whole)
            assert "suspected</span>" in page
    Suspicion.objects.lift(row)
    assert "over</span>" in html(staff("superuser"), page_url(row))


@pytest.mark.parametrize("model", [Message, VerificationCode])
@pytest.mark.parametrize(("captcha", "advice"), [(None, "Have people solve"), ("builtins.bool", "Nothing: everybody")])
def test_the_banner(
    staff: StaffClient, settings: Settings, model: type[Model], captcha: str | None, advice: str
) -> None:
    settings.IHUYI = {**settings.IHUYI, "VERIFICATION": {"CAPTCHA": captcha}}
    client = staff("masked")
    Suspicion.objects.suspect("prefix:1380013", sent=33, entered=4, now=timezone.now())
    assert "ihuyi-banner" not in html(client, list_url(model))
    Suspicion.objects.suspect("site", sent=33, entered=4, now=timezone.now())
    page = html(client, list_url(model))
    assert "SMS bombing is suspected" in page
    assert "Of 33 verification codes, 4 were entered." in page
    assert advice in page
    assert "SMS bombing" not in staff("none").get(list_url(model)).content.decode()


@pytest.mark.parametrize(
    ("address", "shown"),
    [("203.0.113.7", "203.0.*.*"), ("2001:db8:1:2::/64", "2001:db8:*"), ("", "")],
)
def test_masked_addresses(address: str, shown: str) -> None:
    assert mask_address(address) == shown
