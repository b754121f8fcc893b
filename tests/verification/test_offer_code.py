"""``offer_code`` to a number that is not known: as ``send_code`` in all that can be seen, and nothing is sent."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from time_machine import TimeMachineFixture

from django_ihuyi import offer_code, send_code, verify_code
from django_ihuyi.exceptions import CodeThrottled
from django_ihuyi.tasks import submit_message
from django_ihuyi.verification.models import VerificationCode
from tests.fakes import FakeBroker, FakeGateway

from .code_text import MOBILE, PURPOSE, code_in
from .conftest import Configure

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]

pretend_code = partial(offer_code, known=False)
OTHER = "13900139000"
IP = "203.0.113.7"


def test_pretending_records_the_same_and_sends_nothing(broker: FakeBroker, wire: FakeGateway) -> None:
    message = pretend_code(MOBILE, PURPOSE, ip=IP)
    for pk in broker.take_pks():
        submit_message(pk)
    message.refresh_from_db()
    assert message.status == "cancelled"
    assert wire.forms == []
    row = VerificationCode.objects.get()
    assert (row.decoy, row.message) == (True, None)
    assert not verify_code(MOBILE, PURPOSE, row.derive())


@pytest.mark.parametrize("repeat", [False, True])
def test_both_take_the_same_statements(configure: Configure, repeat: bool) -> None:
    configure(INTERVAL=0, REPEAT_CODE=repeat)
    kinds = []
    for call, mobile in ((send_code, "13800138001"), (pretend_code, "13800138002")):
        call(mobile, PURPOSE, ip=IP)
        with CaptureQueriesContext(connection) as queries:
            call(mobile, PURPOSE, ip=IP)
        kinds.append([query["sql"].split(" ")[0] for query in queries])
    assert kinds[0] == kinds[1]
    assert kinds[0].count("UPDATE") >= 2


def test_both_meet_the_same_limits(configure: Configure, time_machine: TimeMachineFixture) -> None:
    time_machine.move_to("2026-03-05T12:00:00+08:00", tick=False)
    configure(INTERVAL=0, NUMBER_PER_DAY=2)
    for one, other in ((send_code, pretend_code), (pretend_code, send_code)):
        mobile = MOBILE if one is send_code else OTHER
        one(mobile, PURPOSE)
        other(mobile, PURPOSE)
        refused = []
        for call in (send_code, pretend_code):
            with pytest.raises(CodeThrottled) as caught:
                call(mobile, PURPOSE)
            refused.append((caught.value.reason, str(caught.value)))
        assert refused[0] == refused[1]


def test_a_decoy_is_not_repeated_as_a_code(configure: Configure) -> None:
    configure(REPEAT_CODE=True, INTERVAL=0)
    pretend_code(MOBILE, PURPOSE)
    message = send_code(MOBILE, PURPOSE)
    assert verify_code(MOBILE, PURPOSE, code_in(message))
