"""Other products through the REST API."""

from __future__ import annotations

import pytest

from django_ihuyi.models import BalanceReading, Message, OptOut
from django_ihuyi.testing import latest_code, use_outbox

from .conftest import Caller

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_products")]
ABROAD = "+14155550123"


def test_a_text_abroad(caller: Caller) -> None:
    caller.allow("view_unmasked")
    answer = caller.post("messages/", {"mobile": "001 415 555 0123", "content": "Hello", "account": "abroad"})
    assert (answer.status_code, answer.json()["mobile"]) == (202, ABROAD)
    found = caller.get("messages/?mobile=%2B1%20415%20555%200123").json()["results"]
    assert [row["mobile"] for row in found] == [ABROAD]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"mobile": "13800138000", "content": "Hello", "account": "abroad"}, 406),
        ({"mobile": "13800138000", "content": "您好", "account": "voice"}, 4072),
        ({"mobile": ABROAD, "template": "1", "params": ["1"], "account": "abroad"}, 4071),
    ],
)
def test_what_an_account_cannot_send(caller: Caller, body: dict[str, object], code: int) -> None:
    answer = caller.post("messages/", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not Message.objects.exists()


def test_many_that_an_account_cannot_send(caller: Caller) -> None:
    body = {"messages": [{"mobile": "13800138000", "content": "您好"}], "account": "voice"}
    answer = caller.post("messages/bulk/", body)
    assert (answer.status_code, answer.json()["code"]) == (422, 4072)


def test_a_code_by_voice(caller: Caller) -> None:
    with use_outbox():
        wanted = {"mobile": "13800138000", "purpose": "sign-up", "account": "voice"}
        assert caller.post("verifications/", wanted).status_code == 202
        typed = {"mobile": "13800138000", "purpose": "sign-up", "code": latest_code("13800138000")}
        assert caller.post("verifications/check/", typed).json() == {"right": True}


def test_an_opt_out_abroad(caller: Caller) -> None:
    assert caller.post("optouts/", {"mobile": "+1 415 555 0123"}).status_code == 201
    assert OptOut.objects.get().mobile == ABROAD


def test_balances_in_their_units(caller: Caller) -> None:
    BalanceReading.objects.create(account="abroad", remaining=12)
    rows = {row["account"]: (row["unit"], row["remaining"]) for row in caller.get("balance/").json()["results"]}
    assert rows == {"default": ("messages", None), "abroad": ("yuan", 12)}
