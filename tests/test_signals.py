"""What is promised of every signal: receivers are each for themselves, and so is what else waits for the commit."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import transaction
from django.dispatch import Signal

from django_ihuyi import send_sms, signals
from django_ihuyi.models import Message
from django_ihuyi.tasks import submit_message
from tests.fakes import FakeGateway

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_receiver_that_raises_neither_stops_the_others_nor_undoes_the_change(
    wire: FakeGateway, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[int] = []

    def fail(**_arguments: Any) -> None:
        raise LookupError

    def hear(message: Message, **_arguments: Any) -> None:
        heard.append(message.pk)

    receivers = (fail, hear)
    for receiver in receivers:
        signals.message_accepted.connect(receiver)
    try:
        message = send_sms("13800138000", "您好")
        with caplog.at_level(logging.ERROR, "django.dispatch"):
            submit_message(message.pk)
    finally:
        for receiver in receivers:
            signals.message_accepted.disconnect(receiver)
    message.refresh_from_db()
    assert (message.status, heard) == ("accepted", [message.pk])
    assert [record.name for record in caplog.records if record.levelno == logging.ERROR] == ["django.dispatch"]


def test_a_fault_in_dispatching_leaves_what_else_waits_for_the_commit() -> None:
    class Broken(Signal):
        def send_robust(self, sender: Any, **named: Any) -> list[tuple[Any, Any]]:
            raise LookupError

    done: list[str] = []
    with transaction.atomic():
        signals.send_after_commit(Broken(), Message, using="default")
        transaction.on_commit(lambda: done.append("the next"))
    assert done == ["the next"]
