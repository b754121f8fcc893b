"""The database away while an answer is in hand: it is written down when the database is back."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from django.db import DatabaseError, InternalError, OperationalError, connection

from django_ihuyi import send_sms
from django_ihuyi.tasks import submit_message
from tests.fakes import Answer, FakeBroker, FakeGateway

pytestmark = pytest.mark.django_db(transaction=True)


class Outage:
    """An execute wrapper under which UPDATEs fail a number of times, as when the server restarts."""

    def __init__(self, failures: int, kind: type[DatabaseError] = OperationalError) -> None:
        self.failures = failures
        self.kind = kind

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and '"submitted_at" =' not in sql.replace("`", '"') and self.failures:
            self.failures -= 1
            raise self.kind("server closed the connection unexpectedly")
        return execute(sql, params, many, context)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("kind", [OperationalError, InternalError], ids=["gone", "only to be read, after a failover"])
@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (2, "accepted"),
        (407, "rejected"),
        (requests.exceptions.ConnectTimeout(), "queued"),
        (requests.exceptions.ReadTimeout(), "unknown"),
    ],
    ids=["accepted", "refused", "surely not sent", "no answer"],
)
def test_an_answer_is_written_down_when_the_database_is_back(
    wire: FakeGateway, broker: FakeBroker, answer: Answer, status: str, kind: type[DatabaseError]
) -> None:
    message = send_sms("13800138000", "您好")
    wire.answer(answer)
    with connection.execute_wrapper(Outage(3, kind)):
        submit_message(message.pk)
    message.refresh_from_db()
    assert (message.status, message.attempts) == (status, 1)


class DeadConnection:
    """An execute wrapper under which the connection of the first answer is dead from then on, and a new one is not."""

    def __init__(self) -> None:
        self.dead: object = None

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        current = connection.connection
        if self.dead is None and sql.startswith("UPDATE") and "accepted_at" in sql:
            self.dead = current
        if current is self.dead:
            raise OperationalError("terminating connection due to administrator command")
        return execute(sql, params, many, context)


@pytest.mark.usefixtures("quick")
def test_answer__whose_connection_has_died__is_written_down_by_a_new_one(wire: FakeGateway, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好")
    with connection.execute_wrapper(DeadConnection()):
        submit_message(message.pk)
    message.refresh_from_db()
    assert message.status == "accepted"


@pytest.mark.usefixtures("quick")
@pytest.mark.django_db(transaction=False)
def test_answer__in_the_transaction_of_a_test__is_not_tried_again(wire: FakeGateway, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好")
    with pytest.raises(OperationalError), connection.execute_wrapper(Outage(1)):
        submit_message(message.pk)
