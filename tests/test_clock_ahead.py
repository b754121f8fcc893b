"""A server's clock was ahead for a moment: nothing waits until the wrong time has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from django_ihuyi import balance, maintenance, send_code, send_sms
from django_ihuyi.dashboard import counters
from django_ihuyi.dashboard.models import MessageTally, TallySlot
from django_ihuyi.dashboard.time_slots import slot_of
from django_ihuyi.models import AccountState, BalanceReading, Message, Receipt
from django_ihuyi.monitoring import health, heartbeats
from django_ihuyi.tasks import submit_message
from django_ihuyi.verification import abuse_detection
from django_ihuyi.verification.models import Suspicion
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint
from django_ihuyi.worker.recipient_throttle import recently_sent
from tests.fakes import FakeBroker, FakeGateway

pytestmark = pytest.mark.django_db(transaction=True)

START = datetime(2026, 11, 22, 12, 2, tzinfo=UTC)
MOBILE = "13800138000"
MINUTE = timedelta(minutes=1)

At = Callable[[timedelta], None]
Case = Iterator[None]
"""Does something while the clock is ahead, and after the ``yield`` looks whether it goes on when the clock is right."""


@pytest.fixture
def at() -> Iterator[At]:
    """Set the clock to so long after the start."""
    with time_machine.travel(START, tick=False) as traveller:
        yield lambda after: traveller.move_to(START + after)


def code_to_a_number(at: At) -> Case:
    send_code(MOBILE, "sign-up")
    yield
    send_code(MOBILE, "sign-up")


def message_to_a_number(at: At) -> Case:
    submit_message(send_sms(MOBILE, "您好").pk)
    yield
    assert recently_sent({MOBILE}) == set()
    message = send_sms(MOBILE, "别的")
    submit_message(message.pk)
    message.refresh_from_db()
    assert message.status == "accepted"


def probe_of_an_account(at: At) -> Case:
    AccountState.objects.pause("default", code=4052, msg="", clock_offset=None, now=timezone.now())
    yield
    message = send_sms(MOBILE, "您好")
    submit_message(message.pk)
    message.refresh_from_db()
    assert message.status == "accepted"
    assert not AccountState.objects.is_paused("default")


def probe_by_the_sweep(at: At) -> Case:
    AccountState.objects.pause("default", code=4051, msg="", clock_offset=None, now=timezone.now())
    yield
    assert maintenance.sweep()["probed"] == 1


def turns_of_an_account(at: At) -> Case:
    turns = {"number": 1, "seconds": 1.0, "at_most": timedelta(seconds=5), "verification": False}
    AccountState.objects.reserve_slots("default", **turns, now=timezone.now())  # type: ignore[arg-type]  # of any type
    yield
    now = timezone.now()
    assert AccountState.objects.reserve_slots("default", **turns, now=now) == now  # type: ignore[arg-type]  # as above


def figures_of_a_half_hour(at: At) -> Case:
    maintenance.sweep()
    yield
    at(2 * MINUTE)
    message = send_sms(MOBILE, "您好")
    at(40 * MINUTE)
    maintenance.sweep()
    assert sum(MessageTally.objects.values_list("messages", flat=True)) == 1
    assert not TallySlot.objects.filter(number__gt=slot_of(timezone.now())).exists()
    message.cancel()
    at(50 * MINUTE)
    maintenance.sweep()
    assert list(MessageTally.objects.values_list("status", flat=True)) == ["cancelled"]


def figures_of_days_before(at: At) -> Case:
    """To a clock that is a month ahead, nothing changes there any more."""
    before = START - timedelta(days=3)
    Message.objects.create(mobile=MOBILE, content="x", status="accepted", created_at=before)
    slot = TallySlot.objects.create(number=slot_of(before), due_at=timezone.now())
    counters.count(slot, now=timezone.now())
    while not counters.open_slots(timezone.now()):
        pass
    yield
    Message.objects.update(status="delivered")
    for minutes in range(2, 20):
        at(minutes * MINUTE)
        maintenance.sweep()
    assert list(MessageTally.objects.values_list("status", flat=True)) == ["delivered"]


def sign_of_life_of_a_queue(at: At) -> Case:
    heartbeats.after_sweep()
    yield
    published = broker_of_the_test().take()
    assert [task.task.rpartition(".")[2] for task in published] == ["heartbeat"]
    heartbeats.after_sweep()
    assert len(broker_of_the_test().take()) == 1


def sign_of_life_of_the_sweep(at: At) -> Case:
    heartbeats.after_sweep()
    yield
    heartbeats.sweep_watch.forget()
    assert heartbeats.sweep_watch.is_overdue()
    (found,) = health.run_health_checks(only=["sweep"])
    assert found.level.name == "CRITICAL"
    assert "in the future" in found.text
    heartbeats.after_sweep()
    (found,) = health.run_health_checks(only=["sweep"])
    assert found.level.name == "OK"


def receipt_that_came_first(at: At) -> Case:
    Receipt.objects.receive(Receipt(mobile=MOBILE, smsid="7", code=2), window=timedelta(days=3))
    yield
    Message.objects.create(mobile=MOBILE, content="您好", status="accepted", smsid="7")
    assert maintenance.sweep()["matched"] == 1


def suspicion(at: At) -> Case:
    Suspicion.objects.suspect("site", sent=100, entered=0, now=timezone.now())
    yield
    abuse_detection.evaluate(timezone.now())
    assert not Suspicion.objects.standing().exists()


def rest_of_an_endpoint(at: At) -> Case:
    endpoint = WebhookEndpoint.objects.create(name="shop", url="https://shop.example/", events=[])
    endpoint.pause(now=timezone.now())
    yield
    endpoint.refresh_from_db()
    assert endpoint.resting_until(timezone.now()) is None


def webhook_delivery(at: At) -> Case:
    endpoint = WebhookEndpoint.objects.create(name="shop", url="https://shop.example/", events=[])
    delivery = WebhookDelivery.objects.ping(endpoint)
    assert delivery.claim(now=timezone.now(), lease=MINUTE)
    assert delivery.requeue(answer=500, error="", due_at=timezone.now() + MINUTE)
    yield
    (due,) = WebhookDelivery.objects.due(timezone.now())
    assert due.claim(now=timezone.now(), lease=MINUTE)


def balance_reading(at: At) -> Case:
    BalanceReading.objects.create(account="default", remaining=1)
    yield
    BalanceReading.objects.create(account="default", remaining=100)
    ((_alias, latest),) = balance.latest()
    assert latest is not None
    assert latest.remaining == 100


CASES: list[Callable[[At], Case]] = [
    code_to_a_number,
    message_to_a_number,
    probe_of_an_account,
    probe_by_the_sweep,
    turns_of_an_account,
    figures_of_a_half_hour,
    figures_of_days_before,
    sign_of_life_of_a_queue,
    sign_of_life_of_the_sweep,
    receipt_that_came_first,
    suspicion,
    rest_of_an_endpoint,
    webhook_delivery,
    balance_reading,
]


def broker_of_the_test() -> FakeBroker:
    return FakeBroker()


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(days=40)], ids=["a day", "40 days"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_deadline__set_by_a_clock_that_was_ahead__is_over_when_the_clock_is_right(
    case: Callable[[At], Case], ahead: timedelta, at: At, wire: FakeGateway, broker: FakeBroker
) -> None:
    at(ahead)
    steps = case(at)
    next(steps)
    at(MINUTE)
    with pytest.raises(StopIteration):
        next(steps)
