"""Events of the core go to the sinks of the installed features, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.db import connection, router
from django.test import modify_settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from django_ihuyi import hooks, signals
from django_ihuyi.events import log_and_signal_transition, record_event
from django_ihuyi.gateway import SubmitResult
from django_ihuyi.models import AccountState, Message, message_bulk
from django_ihuyi.models.message_status import MessageStatus
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint
from django_ihuyi.webhooks.models.endpoint import WebhookEvent

from .fakes import FakeBroker
from .signal_recorder import SignalRecorder
from .webhooks.receiver import ALLOWED

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "message.cancelled"
NAMES = {NAME, "message.accepted"}
SIGNALS = [signal for name, signal in vars(signals).items() if name.startswith("message_")]


class Sink:
    """Wants one event, and remembers what it was handed."""

    def __init__(self) -> None:
        self.asked_in_a_transaction: list[bool] = []
        self.recorded: list[tuple[str, list[Any], str, bool]] = []
        self.error: Exception | None = None

    def wants(self, name: str) -> bool:
        self.asked_in_a_transaction.append(connection.in_atomic_block)
        return name in NAMES

    def record(self, name: str, events: Sequence[hooks.Event], *, using: str) -> None:
        self.recorded.append((name, [event.data["message"] for event in events], using, connection.in_atomic_block))
        if self.error is not None:
            raise self.error


class SinkConfig(hooks.FeatureConfig):
    """An app with a sink."""

    name = "tests"
    label = "tests_of_events"
    sink: ClassVar[Sink]

    def event_sinks(self) -> list[Sink]:
        return [self.sink]


@pytest.fixture
def sink() -> Iterator[Sink]:
    """The sink of an app that is installed for the test."""
    SinkConfig.sink = Sink()
    with modify_settings(INSTALLED_APPS={"append": f"{__name__}.SinkConfig"}):
        yield SinkConfig.sink


@pytest.fixture
def endpoint(settings: Settings) -> WebhookEndpoint:
    """An active endpoint that wants everything, with webhooks switched on."""
    settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": ALLOWED}
    return WebhookEndpoint.objects.create(
        name="shop", url="https://shop.example/", events=list(WebhookEvent.values), active=True
    )


def make(**values: Any) -> Message:
    return Message.objects.create(**{"mobile": "13800138000", "content": "您好", **values})


def claimed() -> Message:
    message = make()
    assert message.claim(now=timezone.now(), lease=timedelta(minutes=1))
    return message


@pytest.mark.parametrize("name", ["message.rejected", "unheard.of"])
def test_record_event__no_sink_wants_it__adds_no_transaction_and_no_statement(
    name: str, sink: Sink, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0), record_event(name, using="default") as record:
        assert not connection.in_atomic_block
        record(hooks.Event({"message": 1}))
    assert (sink.asked_in_a_transaction, sink.recorded) == ([False], [])


def test_record_event__a_sink_wants_it__is_recorded_in_a_transaction(sink: Sink) -> None:
    with record_event(NAME, using="default") as record:
        assert connection.in_atomic_block
        for number in (1, 2):
            record(hooks.Event({"message": number}))
        assert sink.recorded == []
    assert sink.recorded == [(NAME, [1, 2], "default", True)]
    assert sink.asked_in_a_transaction == [False]
    assert not connection.in_atomic_block


def test_record_event__nothing_happened__records_nothing(sink: Sink) -> None:
    with record_event(NAME, using="default"):
        pass
    assert sink.recorded == []


def test_record_event__app_taken_out__asks_its_sink_no_more(sink: Sink) -> None:
    with modify_settings(INSTALLED_APPS={"remove": f"{__name__}.SinkConfig"}):
        assert make().cancel()
    assert sink.asked_in_a_transaction == []
    assert make().cancel()
    assert len(sink.recorded) == 1


def test_record_event__of_a_message__goes_to_the_database_of_the_message(sink: Sink) -> None:
    message = make()
    assert message.cancel()
    assert sink.recorded == [(NAME, [message.pk], router.db_for_write(Message, instance=message), True)]


def test_record_event__error_in_a_sink__rolls_the_change_back(sink: Sink, heard: SignalRecorder) -> None:
    heard.listen(signals.message_accepted)
    sink.error = ZeroDivisionError()
    message = claimed()
    with pytest.raises(ZeroDivisionError):
        message.accept(code=2, msg="", smsid="158", now=timezone.now())
    assert len(sink.recorded) == 1
    assert heard[signals.message_accepted] == []
    assert message.status == "submitting"
    message.refresh_from_db()
    assert message.status == "submitting"


def test_change__without_webhooks__records_nothing_and_adds_no_statement(
    endpoint: WebhookEndpoint, heard: SignalRecorder, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    heard.listen(signals.message_accepted, signals.account_paused)
    one, *others = (claimed() for _ in range(3))
    with modify_settings(INSTALLED_APPS={"remove": ["django_ihuyi.webhooks"]}):
        assert "django_ihuyi.webhooks" not in {config.name for config in hooks.features()}
        with django_assert_num_queries(2):
            assert one.accept(code=2, msg="", smsid="158", now=timezone.now())
            message_bulk.accept_many([(message, SubmitResult(2, "", "159")) for message in others], now=timezone.now())
        AccountState.objects.pause("default", code=4051, msg="余额不足", clock_offset=None, now=timezone.now())
    assert (len(heard[signals.message_accepted]), len(heard[signals.account_paused])) == (3, 1)
    assert not WebhookDelivery.objects.exists()


def test_change__with_webhooks__records_a_delivery(endpoint: WebhookEndpoint, broker: FakeBroker) -> None:
    message = claimed()
    assert message.accept(code=2, msg="", smsid="158", now=timezone.now())
    assert WebhookDelivery.objects.get().message == message


@pytest.mark.parametrize("status", MessageStatus)
def test_transition__to_any_status__sends_the_signal_of_that_name(status: MessageStatus, heard: SignalRecorder) -> None:
    heard.listen(*SIGNALS)
    message = make(status=status)
    log_and_signal_transition(message, sender=Message, using="default")
    expected = getattr(signals, f"message_{status}", None)
    assert [signal for signal in SIGNALS for _event in heard[signal]] == ([expected] if expected else [])
