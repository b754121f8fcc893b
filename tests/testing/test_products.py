"""Sites' tests of messages of other products: the outbox, receipts by hand, and a sandbox that speaks them."""

from __future__ import annotations

import pytest
from pytest_django.live_server_helper import LiveServer

from django_ihuyi import send_code, send_sms, verify_code
from django_ihuyi.models import OptOut
from django_ihuyi.testing import deliver, latest_code, reply, use_gateway, use_outbox, wait_for

ABROAD = "+14155550123"


@pytest.mark.django_db
@pytest.mark.usefixtures("all_products")
def test_the_outbox_has_messages_of_all_products() -> None:
    with use_outbox() as outbox:
        message = send_sms("001 415 555 0123", "Hello", account="abroad", category="marketing")
        send_code("13800138000", "sign-up", account="voice")
        assert [(one.apiid, one.mobile) for one in outbox] == [("I_tests", ABROAD), ("VM_tests", "13800138000")]
        assert outbox[1].content == latest_code("13800138000")
        assert deliver(message).status == "delivered"
        assert reply(message, "TD").message == message
        assert OptOut.objects.get().mobile == ABROAD


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("all_products")
def test_a_sandbox_speaks_all_products(live_server: LiveServer) -> None:
    with use_gateway(live_server.url) as sandbox:
        message = send_sms("+1 415 555 0123", "Hello", account="abroad")
        wait_for(message, "delivered")
        assert message.smsid == sandbox.messages[0].smsid
        call = send_code("13800138000", "sign-up", account="voice")
        assert verify_code("13800138000", "sign-up", latest_code("13800138000"))
        wait_for(call, "accepted")
        assert [(one.product, one.mobile) for one in sandbox.messages] == [
            ("international", ABROAD),
            ("voice", "13800138000"),
        ]
