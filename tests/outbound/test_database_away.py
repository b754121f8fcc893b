"""The database away while an answer is in hand: it is written down when the database is back."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from django.db import DatabaseError, InternalError, OperationalError, connection, transaction

from django_ihuyi import send_sms
from django_ihuyi.tasks import submit_message
from tests.wire import Answer, FakeBroker, FakeWire

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
    wire: FakeWire, broker: FakeBroker, answer: Answer, status: str, kind: type[DatabaseError]
) -> None:
    message = send_sms("13800138000", "您好")
    wire.answer(answer)
    with connection.execute_wrapper(Outage(3, kind)):
        submit_message(message.pk)
    message.refresh_from_db()
    assert (message.status, message.attempts) == (status, 1)


@pytest.mark.usefixtures("quick")
def test_an_answer_in_a_callers_transaction_is_not_tried_again(wire: FakeWire, broker: FakeBroker) -> None:
    message = send_sms("13800138000", "您好")

    with pytest.raises(OperationalError), transaction.atomic(), connection.execute_wrapper(Outage(1)):
        submit_message(message.pk)
