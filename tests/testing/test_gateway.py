"""The sandbox behind the live server, and a sandbox without one."""

from __future__ import annotations

import pytest

from django_ihuyi import send_code, send_sms, verify_code
from django_ihuyi.models import Reply
from django_ihuyi.sandbox import Sandbox
from django_ihuyi.testing import latest_code, use_gateway, wait_for
from django_ihuyi.testing.settings_override import running_gateways

pytestmark = pytest.mark.django_db

MOBILE = "13712345678"


def test_receipts_and_replies_are_pushed_into_the_live_server(ihuyi_gateway: Sandbox) -> None:
    message = send_sms(MOBILE, "您的订单已发货。")
    assert [taken.content for taken in ihuyi_gateway.messages] == ["您的订单已发货。"]
    wait_for(message, "delivered")
    ihuyi_gateway.reply(MOBILE, "好的")
    failed = send_sms("13900000011", "您好")
    assert wait_for(failed, "undelivered").receipt_msg == "UNDELIV"
    assert Reply.objects.get().content == "好的"
    ihuyi_gateway.force(4030)
    assert wait_for(send_sms(MOBILE, "再见"), "rejected").code == 4030


@pytest.mark.django_db
def test_a_gateway_without_pushes_takes_options() -> None:
    with use_gateway(balance=1, signature="茶馆") as sandbox:
        send_code(MOBILE, "sign-up")
        assert verify_code(MOBILE, "sign-up", latest_code(MOBILE))
        assert (sandbox.balance, sandbox.options.signature) == (0, "茶馆")
    assert running_gateways == []


@pytest.mark.ihuyi_gateway(balance=7, receipt_delay=30)
def test_the_marker_hands_options_over(ihuyi_gateway: Sandbox) -> None:
    assert (ihuyi_gateway.balance, ihuyi_gateway.options.receipt_delay) == (7, 30)
