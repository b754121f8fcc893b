"""What somebody can do who listens on the wire, or has the site's ``SECRET_KEY``."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from django_ihuyi import send_code, send_sms
from django_ihuyi.gateway import Client
from django_ihuyi.mobile_hash import hash_mobile
from django_ihuyi.models import AccountState, Message
from django_ihuyi.verification.models import VerificationCode
from tests.fakes import URL, FakeBroker, FakeGateway
from tests.verification.code_text import MOBILE, PURPOSE, code_in

KEY = "0123456789abcdef0123456789abcdef"


def password_for(wire: FakeGateway, mobile: str, content: str) -> str:
    """Submit a message; return the password that went over the wire with it."""
    Client("cf_tests", KEY, base_url=URL).submit(mobile, content)
    assert KEY not in "".join(wire.forms[-1].values())
    return wire.forms[-1]["password"]


@pytest.mark.parametrize(
    ("mobile", "content"), [("13900139000", "您好"), ("13800138000", "再见")], ids=["number", "text"]
)
def test_a_password_of_the_wire_is_good_for_its_message_only(wire: FakeGateway, mobile: str, content: str) -> None:
    first = password_for(wire, "13800138000", "您好")
    assert password_for(wire, mobile, content) != first


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("broker")
def test_with_the_key_a_dump_tells_codes_and_without_it_none(settings: Settings) -> None:
    code = code_in(send_code(MOBILE, PURPOSE))
    row = VerificationCode.objects.get()
    assert row.derive() == code
    guesses = set()
    for number in range(5):
        settings.SECRET_KEY = f"another-key-{number}"
        guesses.add(row.derive())
    assert guesses != {code}


def test_with_the_key_a_hashed_number_can_be_searched_for(settings: Settings) -> None:
    kept = hash_mobile(MOBILE)
    assert kept.startswith("138******00")
    assert [number for number in ("13800138000", "13811138000") if hash_mobile(number) == kept] == [MOBILE]
    settings.SECRET_KEY = "another-key"
    assert hash_mobile(MOBILE) != kept


@pytest.mark.django_db(transaction=True)
def test_while_the_key_is_changed_messages_wait(wire: FakeGateway, broker: FakeBroker) -> None:
    wire.answer(405)
    message = send_sms(MOBILE, "您的订单已发货。")
    for task in broker.take():
        task.run()
    assert Message.objects.get(pk=message.pk).status == "queued"
    assert AccountState.objects.get(account="default").paused_since is not None
