"""What is told is written down with the change itself, and costs nothing where nobody listens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from django_ihuyi import maintenance, send_sms
from django_ihuyi.dispatch import use_dispatcher
from django_ihuyi.events import record_event
from django_ihuyi.gateway import SubmitResult
from django_ihuyi.models import (
    AccountState,
    BalanceReading,
    Message,
    Receipt,
    Reply,
    Template,
    TemplateReview,
    message_bulk,
)
from django_ihuyi.testing.inline import InlineDispatcher
from django_ihuyi.webhooks import payload, worker
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint
from django_ihuyi.webhooks.models.endpoint import Subscription, SubscriptionCache, WebhookEvent
from tests.dispatchers import AwayDispatcher
from tests.fakes import FakeBroker

from .conftest import Subscribe

pytestmark = pytest.mark.django_db(transaction=True)

MOBILE = "13800138000"
NOW = timezone.now()


def make(**values: Any) -> Message:
    return Message.objects.create(**{"mobile": MOBILE, "content": "您好", **values})


def submitting(**values: Any) -> Message:
    message = make(**values)
    assert message.claim(now=timezone.now(), lease=timedelta(minutes=1))
    return message


def pause() -> None:
    AccountState.objects.pause("default", code=4051, msg="余额不足", clock_offset=None, now=NOW)


def pause_and_resume() -> None:
    pause()
    AccountState.objects.resume("default")
    AccountState.objects.resume("default")


def review() -> None:
    Template.objects.create(name="order", text="您好", template_id="7", state="in_review")
    TemplateReview.objects.receive(TemplateReview(templateid="7", code=2, msg="通过"))
    TemplateReview.objects.receive(TemplateReview(templateid="7", code=2, msg="通过"))


def fall() -> None:
    reading = BalanceReading.objects.create(account="default", remaining=3, read_at=NOW)
    for _ in range(2):
        AccountState.objects.update_balance_state(reading, low=True)


def reply() -> None:
    message = make(smsid="158", status="accepted")
    for _ in range(2):
        Reply.objects.receive(Reply(mobile=message.mobile, smsid="158", content="退订", reply_time_text="1"))


def receipts(*codes: int) -> Callable[[], None]:
    def come() -> None:
        make(smsid="158", status="accepted")
        for number, code in enumerate([*codes, *codes]):
            receipt = Receipt(mobile=MOBILE, smsid="158", code=code, report_time_text=str(number % len(codes)))
            Receipt.objects.receive(receipt, window=timedelta(hours=1))

    return come


@pytest.mark.parametrize(
    ("change", "events"),
    [
        (lambda: submitting().accept(code=2, msg="", smsid="158", now=NOW), ["message.accepted"]),
        (lambda: submitting().reject(code=406, msg="号码格式不正确"), ["message.rejected"]),
        (lambda: submitting().mark_unknown(error="time-out"), ["message.unknown"]),
        (lambda: submitting().requeue(due_at=NOW, publish_at=NOW), []),
        (lambda: make().cancel(), ["message.cancelled"]),
        (lambda: make(expires_at=NOW - timedelta(hours=1)).expire(now=NOW), ["message.expired"]),
        (receipts(2), ["message.delivered"]),
        (receipts(0, 2, 0), ["message.undelivered", "message.delivered"]),
        (reply, ["reply.received"]),
        (review, ["template.reviewed"]),
        (pause, ["account.paused"]),
        (pause_and_resume, ["account.paused", "account.resumed"]),
        (fall, ["balance.low"]),
    ],
    ids=lambda value: "-".join(value) or "nothing" if isinstance(value, list) else "",
)
def test_each_change_is_told_once(
    change: Callable[[], object], events: list[str], subscribe: Subscribe, broker: FakeBroker
) -> None:
    subscribe()
    change()
    rows = WebhookDelivery.objects.order_by("pk")
    assert [row.event for row in rows] == events
    assert broker.take_pks() == [row.pk for row in rows]
    for row in rows:
        body = payload.render(row).decode()
        assert MOBILE not in body
        assert "您好" not in body
        assert "退订" not in body


def test_every_event_there_is_was_seen_above() -> None:
    [marker] = [mark for mark in test_each_change_is_told_once.pytestmark if mark.name == "parametrize"]  # type: ignore[attr-defined]  # pytest's own
    told = {event for _change, events in marker.args[1] for event in events}
    assert told == set(WebhookEvent.values)


def test_many_accepted_at_once_are_told_in_one_statement(
    subscribe: Subscribe, broker: FakeBroker, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    subscribe()
    subscribe(events=["message.delivered"])
    messages = [submitting() for _ in range(5)]
    answers = [(message, SubmitResult(2, "", f"158{message.pk}")) for message in messages]
    WebhookEndpoint.objects.subscribed_to("message.accepted")
    broker.take()
    with django_assert_num_queries(4):  # BEGIN, the UPDATE, the rows, COMMIT
        assert len(message_bulk.accept_many(answers, now=timezone.now())) == 5
    assert sorted(WebhookDelivery.objects.values_list("message", flat=True)) == [message.pk for message in messages]
    assert len(broker.take_pks()) == 5


@pytest.mark.parametrize("listening", [None, {}, {"events": ["reply.received"]}, {"active": False}])
def test_where_nobody_listens_a_change_is_one_statement(
    listening: dict[str, Any] | None,
    subscribe: Subscribe,
    settings: Settings,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    if listening:
        subscribe(**listening)
    else:
        settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": listening}
    messages = [submitting() for _ in range(3)]
    WebhookEndpoint.objects.subscribed_to("message.accepted")  # asked once in five seconds
    with django_assert_num_queries(2):
        messages[0].accept(code=2, msg="", smsid="158", now=timezone.now())
        message_bulk.accept_many(
            [(message, SubmitResult(2, "", "159")) for message in messages[1:]], now=timezone.now()
        )
    assert not WebhookDelivery.objects.exists()


def test_without_the_setting_the_table_is_not_even_asked(
    settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert "WEBHOOKS" not in settings.IHUYI
    with django_assert_num_queries(0):
        assert WebhookEndpoint.objects.subscribed_to("message.accepted") == []
        assert worker.sweep(timezone.now(), most=500) == (0, False)


def test_what_is_rolled_back_is_not_told(subscribe: Subscribe, broker: FakeBroker) -> None:
    subscribe()
    message = make(status="accepted")
    with transaction.atomic():
        message.apply_receipt(delivered=True, code=2, msg="", reported_at=NOW)
        transaction.set_rollback(True)
    assert not WebhookDelivery.objects.exists()
    assert broker.take() == []


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ({}, 1),
        ({"account": "default"}, 1),
        ({"account": "shop"}, 0),
        ({"category": "notification"}, 1),
        ({"category": "marketing"}, 0),
        ({"account": "default", "category": "marketing"}, 0),
    ],
)
def test_filters_of_messages(filters: dict[str, str], told: int, subscribe: Subscribe, broker: FakeBroker) -> None:
    subscribe(**filters)
    make().cancel()
    assert WebhookDelivery.objects.count() == told
    pause()
    # An account's pause has an account, and no category.
    assert WebhookDelivery.objects.filter(event="account.paused").count() == (filters.get("account") != "shop")


def test_each_endpoint_gets_its_own_row_with_the_same_id(subscribe: Subscribe, broker: FakeBroker) -> None:
    subscribe()
    subscribe()
    make().cancel()
    first, second = WebhookDelivery.objects.all()
    assert first.event_id == second.event_id
    assert first.endpoint_id != second.endpoint_id


def test_an_endpoint_that_was_deleted_a_moment_ago_undoes_no_change(subscribe: Subscribe, broker: FakeBroker) -> None:
    endpoint = subscribe()
    assert WebhookEndpoint.objects.subscribed_to("message.cancelled")
    WebhookEndpoint.objects.filter(pk=endpoint.pk)._raw_delete(
        "default"
    )  # as another process does: nothing here hears of it
    message = make()
    assert message.cancel()
    message.refresh_from_db()
    assert message.status == "cancelled"
    for published in broker.take():
        published.run()  # finds nothing to do
    assert WebhookDelivery.objects.get().status == "pending"


def test_a_broker_that_is_away_leaves_the_row_to_the_sweep(subscribe: Subscribe, broker: FakeBroker) -> None:
    subscribe()
    with use_dispatcher(AwayDispatcher()):
        make().cancel()
    assert broker.take() == []
    assert maintenance.sweep()["webhooks"] == 1
    assert broker.take_pks()[:1] == [WebhookDelivery.objects.get().pk]


def test_what_is_submitted_in_this_process_posts_nothing(subscribe: Subscribe, broker: FakeBroker) -> None:
    subscribe()
    with use_dispatcher(InlineDispatcher()):
        send_sms(MOBILE, "您好", send_at=timezone.now() + timedelta(hours=1)).cancel()
    assert broker.take() == []
    assert WebhookDelivery.objects.count() == 1


def test_new_endpoints_are_known_at_once_here_and_elsewhere_soon(subscribe: Subscribe) -> None:
    assert subscribe is not None
    assert WebhookEndpoint.objects.subscribed_to("message.cancelled") == []
    endpoint = subscribe()
    assert [one.pk for one in WebhookEndpoint.objects.subscribed_to("message.cancelled")] == [endpoint.pk]
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(active=False)  # as another process does
    assert len(WebhookEndpoint.objects.subscribed_to("message.cancelled")) == 1
    WebhookEndpoint.objects.forget()
    assert WebhookEndpoint.objects.subscribed_to("message.cancelled", as_known=True) != []
    assert WebhookEndpoint.objects.subscribed_to("message.cancelled") == []


def test_subscription_cache__lifetime_over_or_forgotten__is_read_again() -> None:
    now, reads = [100.0], count(1)
    cache = SubscriptionCache(lifetime=5, clock=lambda: now[0])

    def look(at: float) -> list[int]:
        now[0] = at
        cache.refresh(lambda: [Subscription(next(reads), frozenset(), "", "")])
        return [one.pk for one in cache.subscriptions]

    assert [look(at) for at in (100.0, 104.9, 105.0, 106.0)] == [[1], [1], [2], [2]]
    cache.forget()
    assert [look(at) for at in (107.0, 111.9)] == [[3], [3]]


def test_recording__endpoints_changed_since_the_sink_was_asked__adds_no_statement(
    subscribe: Subscribe, broker: FakeBroker, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    subscribe()
    message = make()
    WebhookEndpoint.objects.subscribed_to("message.cancelled")
    # BEGIN, the INSERT, COMMIT; what else there is to read waits for the next event.
    with django_assert_num_queries(3), record_event("message.cancelled", using="default") as record:
        WebhookEndpoint.objects.forget()
        record(message.as_event())
    assert WebhookDelivery.objects.get().message == message
