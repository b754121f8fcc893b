"""Messages of accounts of other products: what is recorded, and what is refused before it is."""

from __future__ import annotations

import pytest
import responses

from django_ihuyi import send_bulk, send_sms
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.models import Message, OptOut
from django_ihuyi.outbound.submission import submit
from tests.accounts import ABROAD_URL

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_products")]

REFUSED: list[tuple[str, dict[str, object], int]] = [
    ("a mainland number abroad", {"mobile": "13800138000", "content": "Hello", "account": "abroad"}, 406),
    ("a number abroad by SMS", {"mobile": "+14155550123", "content": "您好"}, 406),
    ("no number", {"mobile": "", "content": "Hello", "account": "abroad"}, 403),
    ("an emoji abroad", {"mobile": "+14155550123", "content": "Hello 😀", "account": "abroad"}, 4074),
    ("a template abroad", {"mobile": "+14155550123", "template": 1, "params": ["1"], "account": "abroad"}, 4071),
    (
        "a named template for a call",
        {"mobile": "13800138000", "template": "code", "account": "voice", "category": "verification"},
        4071,
    ),
    (
        "a text for a call",
        {"mobile": "13800138000", "content": "您好", "account": "voice", "category": "verification"},
        4072,
    ),
]


@pytest.mark.parametrize(("arguments", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused_before_it_is_recorded(arguments: dict[str, str], code: int) -> None:
    with pytest.raises(InvalidMessage) as caught:
        send_sms(**arguments)  # type: ignore[arg-type]  # a table's row
    assert caught.value.code == code
    assert not Message.objects.exists()


def test_a_call_carries_codes_only() -> None:
    for send in (send_sms, lambda mobile, content, account: send_bulk([(mobile, content)], account=account)):
        with pytest.raises(InvalidMessage, match="verification codes only") as caught:
            send("13800138000", "1234", account="voice")
        assert caught.value.code == 4072
    assert not Message.objects.exists()
    message = send_sms("13800138000", "1234", account="voice", category="verification")
    assert (message.mobile, message.content, message.segments) == ("13800138000", "1234", 1)


def test_a_number_abroad_is_recorded_in_one_form() -> None:
    message = send_sms("00 1 (415) 555-0123", "Hello", account="abroad")
    assert (message.mobile, message.content, message.account) == ("+14155550123", "Hello", "abroad")


@responses.activate
def test_submitted_as_the_product_wants_it() -> None:
    answer = responses.post(ABROAD_URL, json={"code": 2, "msg": "ok", "ismsid": "15870246956696820530"})
    message = send_sms("+1 415 555 0123", "Hello", account="abroad")
    submit(message.pk)
    message.refresh_from_db()
    assert (message.status, message.smsid) == ("accepted", "15870246956696820530")
    assert "mobile=1+4155550123" in str(answer.calls[0].request.body)


def test_many() -> None:
    result = send_bulk([("+14155550123", "Hello"), ("13800138000", "Hello"), ("+85291234567", "Hi")], account="abroad")
    assert result.recorded == 2
    assert [(one.index, one.code) for one in result.refused] == [(1, 406)]
    assert set(Message.objects.values_list("mobile", flat=True)) == {"+14155550123", "+85291234567"}


def test_who_opted_out_abroad_gets_no_marketing() -> None:
    OptOut.objects.create(mobile="+14155550123")
    with pytest.raises(InvalidMessage) as caught:
        send_sms("0014155550123", "Hello", category="marketing", account="abroad")
    assert caught.value.code == 4030
