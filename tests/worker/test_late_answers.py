"""An answer that is read after the sweep put the message back: it is the truth, and no second copy goes out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import requests
from django.db import connection
from django.utils import timezone

from django_ihuyi import maintenance, send_sms
from django_ihuyi.models import Message
from django_ihuyi.tasks import submit_batch, submit_message
from tests.fakes import Answer, FakeBroker, FakeGateway, SubmittedCall
from tests.worker.helpers import bulk, statuses

pytestmark = pytest.mark.django_db(transaction=True)

Meanwhile = Callable[[Message], object]


def put_back() -> None:
    """Let the claims run out, and the sweep put the messages back."""
    Message.objects.filter(status="submitting").update(claimed_until=timezone.now() - timedelta(seconds=1))
    maintenance.sweep()


def nothing(message: Message) -> None:
    assert message.status == "queued"


def cancel(message: Message) -> None:
    assert message.cancel()


def expire(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(expires_at=timezone.now())
    assert message.expire(now=timezone.now() + timedelta(seconds=1))


def claim_again(message: Message) -> None:
    now = timezone.now() + timedelta(hours=1)
    assert message.claim(now=now, lease=timedelta(minutes=1))


NO_CONNECTION, NO_ANSWER = requests.exceptions.ConnectTimeout(), requests.exceptions.ReadTimeout()
LATE: dict[str, tuple[Meanwhile, Answer, str, int]] = {
    "accepted": (nothing, 2, "accepted", 1),
    "refused": (nothing, 407, "rejected", 1),
    "refused for now": (nothing, 4080, "queued", 1),
    "not sent": (nothing, NO_CONNECTION, "queued", 1),
    "no answer": (nothing, NO_ANSWER, "queued", 1),
    "cancelled, accepted": (cancel, 2, "accepted", 1),
    "cancelled, refused": (cancel, 407, "cancelled", 1),
    "expired, accepted": (expire, 2, "accepted", 1),
    "expired, refused": (expire, 407, "expired", 1),
    "claimed again, accepted": (claim_again, 2, "submitting", 2),
    "claimed again, refused": (claim_again, 407, "submitting", 2),
}


@pytest.mark.parametrize(("meanwhile", "answer", "status", "attempts"), LATE.values(), ids=LATE)
def test_answer__after_the_message_was_put_back__counts_under_the_same_attempt(
    meanwhile: Meanwhile,
    answer: Answer,
    status: str,
    attempts: int,
    wire: FakeGateway,
    broker: FakeBroker,
    use: Callable[..., None],
) -> None:
    use(RESEND_UNKNOWN=True)
    message = send_sms("13800138000", "您好")

    def go_on(_form: dict[str, str]) -> None:
        put_back()
        meanwhile(Message.objects.get())

    wire.when_taken = go_on
    if answer != 2:
        wire.answer(SubmittedCall(answer))
    submit_message(message.pk)
    stored = Message.objects.get()
    assert (stored.status, stored.attempts) == (status, attempts)
    if status == "accepted":
        assert (stored.code, stored.smsid, stored.error) == (2, wire.accepted[0]["smsid"], "")


@pytest.mark.parametrize("many", [False, True], ids=["one", "a chunk"])
def test_message__accepted_after_it_was_put_back__is_not_sent_again(
    many: bool, wire: FakeGateway, broker: FakeBroker, use: Callable[..., None]
) -> None:
    use(RESEND_UNKNOWN=True, CONCURRENCY=1)
    pks = bulk(3 if many else 1)
    broker.take()

    def go_on(_form: dict[str, str]) -> None:
        put_back()
        connection.close()  # a chunk makes its calls in threads

    wire.when_taken = go_on
    if many:
        submit_batch(pks)
    else:
        submit_message(pks[0])
    wire.when_taken = lambda form: None
    Message.objects.filter(status="queued").update(due_at=timezone.now(), publish_at=timezone.now())
    maintenance.sweep()
    for task in broker.take():
        task.run()
    assert statuses() == {"accepted": len(pks)}
    assert len(wire.forms) == len(pks)
