"""``send_sms``: what is recorded, what is published and when, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from django_ihuyi import send_sms
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.mobile_hash import hash_mobile
from django_ihuyi.models import Message
from tests.fakes import FakeBroker
from tests.log_records import package_records


@pytest.mark.django_db(transaction=True)
def test_records_the_message_and_publishes_its_key_only(broker: FakeBroker) -> None:
    message = send_sms("+86 138-0013-8000", "【互亿无线】您好", metadata={"order": 7})
    stored = Message.objects.get()
    assert stored.pk == message.pk
    assert (stored.mobile, stored.content, stored.category, stored.account) == (
        "13800138000",
        "您好",
        "notification",
        "default",
    )
    assert (stored.status, stored.segments, stored.attempts, stored.metadata) == ("queued", 1, 0, {"order": 7})
    assert stored.smsid is None
    assert stored.code is None
    (published,) = broker.take()
    assert published.task == "django_ihuyi.tasks.submit_message"
    assert published.args == (message.pk,)
    assert published.eta is None


@pytest.mark.django_db(transaction=True)
def test_one_statement_and_one_publish(broker: FakeBroker, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        send_sms("13800138000", "您好")
    assert len(broker.take()) == 1


@pytest.mark.django_db(transaction=True)
def test_published_only_after_commit(broker: FakeBroker) -> None:
    with transaction.atomic():
        message = send_sms("13800138000", "您好")
        assert broker.take() == []
    assert broker.take_pks() == [message.pk]


@pytest.mark.django_db(transaction=True)
def test_rolled_back_is_neither_recorded_nor_published(broker: FakeBroker) -> None:
    with transaction.atomic():
        send_sms("13800138000", "您好")
        transaction.set_rollback(True)
    assert broker.take() == []
    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("category", "queue"),
    [("verification", "codes"), ("notification", "celery"), ("marketing", "campaigns")],
)
def test_category_decides_the_queue(settings: Settings, broker: FakeBroker, category: str, queue: str) -> None:
    settings.IHUYI = {**settings.IHUYI, "QUEUES": {"verification": "codes", "marketing": "campaigns"}}
    assert send_sms("13800138000", "您好", category=category).category == category
    assert [published.queue for published in broker.take()] == [queue]


@pytest.mark.django_db(transaction=True)
def test_template_with_params(broker: FakeBroker) -> None:
    message = send_sms("13800138000", template=1, params=["1234", 5])
    assert (message.template, message.content, message.segments) == ("1", "1234|5", 1)
    assert broker.take_pks() == [message.pk]


@pytest.mark.django_db(transaction=True)
def test_the_same_key_again_sends_nothing(broker: FakeBroker) -> None:
    first = send_sms("13800138000", "您好", idempotency_key="order-7")
    second = send_sms("13900139000", "别的", idempotency_key="order-7")
    assert second.pk == first.pk
    assert second.mobile == "13800138000"
    assert broker.take_pks() == [first.pk]
    other = send_sms("13800138000", "您好", idempotency_key="order-8")
    assert other.pk != first.pk


@pytest.mark.django_db(transaction=True)
def test_the_key_of_a_message_to_another_number_is_told(broker: FakeBroker, caplog: pytest.LogCaptureFixture) -> None:
    first = send_sms("13800138000", "您好", idempotency_key="order-7")
    assert send_sms("+86 138 0013 8000", "您好", idempotency_key="order-7") == first
    Message.objects.filter(pk=first.pk).update(mobile=hash_mobile("13800138000"))
    assert send_sms("13800138000", "您好", idempotency_key="order-7") == first
    assert package_records(caplog) == []
    assert send_sms("13900139000", "您好", idempotency_key="order-7") == first
    [record] = package_records(caplog)
    assert (record.levelname, vars(record)["event"], vars(record)["message_pk"]) == (
        "WARNING",
        "key.of_another",
        first.pk,
    )
    assert "139001" not in record.getMessage()


@pytest.mark.django_db(transaction=True)
def test_the_same_key_inside_a_transaction_leaves_it_whole(broker: FakeBroker) -> None:
    first = send_sms("13800138000", "您好", idempotency_key="order-7")
    with transaction.atomic():
        assert send_sms("13800138000", "您好", idempotency_key="order-7") == first
        assert Message.objects.count() == 1
    assert broker.take_pks() == [first.pk]


@pytest.mark.django_db(transaction=True)
def test_another_constraints_error_is_not_taken_for_a_known_key() -> None:
    with pytest.raises(IntegrityError), connection.execute_wrapper(refuse_inserts):
        send_sms("13800138000", "您好", idempotency_key="order-7")


def refuse_inserts(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if sql.startswith("INSERT"):
        raise IntegrityError("another constraint")
    return execute(sql, params, many, context)


@pytest.mark.django_db(transaction=True)
def test_what_is_wrong_after_the_commit_does_not_reach_the_caller(broker: FakeBroker, settings: Settings) -> None:
    settings.IHUYI = {**settings.IHUYI, "QUEUES": 7}
    message = send_sms("13800138000", "您好")
    assert Message.objects.get() == message


@pytest.mark.django_db(transaction=True)
def test_a_message_for_later_is_left_to_the_sweep(broker: FakeBroker) -> None:
    later = timezone.now() + timedelta(hours=1)
    message = send_sms("13800138000", "您好", send_at=later, expires_at=later + timedelta(hours=1))
    assert broker.take() == []
    assert message.send_at == message.due_at == message.publish_at == later


@pytest.mark.django_db(transaction=True)
def test_send_at_in_the_past_is_now(broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好", send_at=timezone.now() - timedelta(hours=1))
    assert broker.take_pks() == [message.pk]


@pytest.mark.django_db
def test_naive_times_are_the_sites() -> None:
    message = send_sms("13800138000", "您好", send_at=datetime(2100, 1, 1, 12))  # noqa: DTZ001  naive is the point
    assert message.send_at == datetime(2100, 1, 1, 4, tzinfo=UTC)


WRONG: list[tuple[str, dict[str, Any], type[Exception], str]] = [
    ("no text", {}, InvalidMessage, "empty"),
    ("not a mobile", {"mobile": "010-62345678", "content": "您好"}, InvalidMessage, "eleven digits"),
    ("emoji", {"content": "您好😀"}, InvalidMessage, "emoji"),
    ("text and template", {"content": "您好", "template": 1}, TypeError, "not both"),
    ("params without template", {"content": "您好", "params": ["1"]}, TypeError, "give template"),
    ("category", {"content": "您好", "category": "spam"}, ValueError, "'marketing'"),
    ("account", {"content": "您好", "account": "shop"}, ImproperlyConfigured, "'shop'"),
    ("empty template", {"template": " ", "params": ["1"]}, ValueError, "1 to 32"),
    ("long template", {"template": "1" * 33, "params": ["1"]}, ValueError, "1 to 32"),
    ("empty key", {"content": "您好", "idempotency_key": ""}, ValueError, "1 to 128"),
    ("long key", {"content": "您好", "idempotency_key": "k" * 129}, ValueError, "1 to 128"),
    ("late", {"content": "您好", "expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, ValueError, "expires_at"),
    (
        "expires before it is sent",
        {
            "content": "您好",
            "send_at": datetime(2100, 1, 2, tzinfo=UTC),
            "expires_at": datetime(2100, 1, 1, tzinfo=UTC),
        },
        ValueError,
        "never be sent",
    ),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("arguments", "error", "says"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_wrong_input_records_nothing(
    broker: FakeBroker, arguments: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        send_sms(**{"mobile": "13800138000", **arguments})
    assert not Message.objects.exists()
    assert broker.take() == []


def test_invalid_message_is_a_value_error_with_the_gateways_code() -> None:
    with pytest.raises(ValueError, match="eleven digits") as caught:
        send_sms("12345", "您好")
    assert isinstance(caught.value, InvalidMessage)
    assert caught.value.code == 406


def test_importable_before_django_is_set_up() -> None:
    script = (
        "from django_ihuyi import send_sms; import django_ihuyi; print(send_sms.__name__, django_ihuyi.__version__)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env={})
    assert done.stdout.startswith("send_sms 0.")
    assert done.stderr == ""
