"""Messages of accounts of other products: what is recorded, and what is refused before it is."""

from __future__ import annotations

import pytest
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi import conf, send_bulk, send_sms
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.gateway import Client
from django_ihuyi.models import Message, OptOut
from django_ihuyi.worker.client_factory import make_client
from django_ihuyi.worker.submission import submit
from tests.fakes import FakeGateway

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_products")]


class OldClient(Client):
    """A class of a site's own that was written when there was SMS only."""

    def __init__(
        self,
        account: str,
        api_key: str,
        *,
        base_url: str,
        dynamic_password: bool,
        format: str,  # noqa: A002  as the package's own
        timeout: tuple[float, float],
    ) -> None:
        super().__init__(account, api_key, base_url=base_url, timeout=timeout)


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


def test_submitted_as_the_product_wants_it(wire: FakeGateway) -> None:
    message = send_sms("+1 415 555 0123", "Hello", account="abroad")
    submit(message.pk)
    message.refresh_from_db()
    (taken,) = wire.accepted
    assert (message.status, message.smsid) == ("accepted", taken["smsid"])
    assert (taken["mobile"], taken["account"]) == ("1 4155550123", "I_tests")


def test_a_clients_class_of_a_sites_own_is_told_the_product_only_where_it_matters(settings: Settings) -> None:
    own = {"CLIENT": "tests.sending.test_products.OldClient"}
    accounts = {alias: {**account, **own} for alias, account in settings.IHUYI["ACCOUNTS"].items()}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": accounts}
    assert isinstance(make_client(conf.get_account("default")), OldClient)
    with pytest.raises(TypeError, match="product"):
        make_client(conf.get_account("abroad"))


def test_redirected_to_a_number_that_the_product_reaches(settings: Settings, wire: FakeGateway) -> None:
    accounts = settings.IHUYI["ACCOUNTS"]
    abroad = {**accounts["abroad"], "REDIRECT_TO": ["+85291234567"]}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {**accounts, "abroad": abroad}}
    submit(send_sms("+1 415 555 0123", "Hello", account="abroad").pk)
    assert wire.accepted[0]["mobile"] == "852 91234567"


def test_one_a_second_whichever_account_sends(wire: FakeGateway) -> None:
    messages = [
        send_sms("13800138000", "您好"),
        send_sms("13800138000", "1234", account="voice", category="verification"),
    ]
    wire.answer(2, 4080)
    for message in messages:
        submit(message.pk)
    messages[1].refresh_from_db()
    assert (messages[1].status, messages[1].code) == ("queued", 4080)
    # Refused once, it does not go out while the other one's second lasts.
    Message.objects.update(due_at=timezone.now(), submitted_at=timezone.now())
    submit(messages[1].pk)
    assert len(wire.forms) == 2


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
