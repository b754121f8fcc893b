"""What an event and the log say of people: no more than the endpoint may have, and nothing that is erased."""

from __future__ import annotations

import logging

import pytest

from django_ihuyi.mobile_hash import hash_mobile
from django_ihuyi.models import Message, Reply
from django_ihuyi.privacy import erasure
from django_ihuyi.webhooks import signatures
from tests.fakes import FakeBroker
from tests.log_records import package_records

from .conftest import Subscribe
from .helpers import MASKED, MOBILE, make, report, work
from .receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("whole", "shown"), [(False, MASKED), (True, MOBILE)])
def test_the_number_is_masked_unless_the_endpoint_may_have_it(
    whole: bool, shown: str, subscribe: Subscribe, receiver: Receiver, broker: FakeBroker
) -> None:
    subscribe(whole_numbers=whole)
    report(make())
    work(broker)
    assert receiver.posts[0].event["data"]["mobile"] == shown
    assert "123456" not in receiver.posts[0].body.decode()


@pytest.mark.parametrize("whole", [False, True])
def test_metadata_is_for_endpoints_that_may_have_whole_numbers(
    whole: bool, subscribe: Subscribe, receiver: Receiver, broker: FakeBroker
) -> None:
    subscribe(whole_numbers=whole)
    report(make(metadata={"name": "王小明"}))
    Reply.objects.receive(Reply(mobile=MOBILE, smsid="158", content="收到"))
    work(broker)
    assert len(receiver.posts) == 2
    for post in receiver.posts:
        assert ("metadata" in post.event["data"]) is ("王小明" in post.body.decode()) is whole


def test_what_was_erased_since_does_not_go_out(subscribe: Subscribe, receiver: Receiver, broker: FakeBroker) -> None:
    subscribe(whole_numbers=True)
    report(make(metadata={"name": "王小明"}))
    erasure.erase(MOBILE)
    work(broker)
    data = receiver.posts[0].event["data"]
    assert (data["mobile"], data["metadata"]) == (MASKED, {})


def test_what_was_hashed_since_goes_out_masked(subscribe: Subscribe, receiver: Receiver, broker: FakeBroker) -> None:
    subscribe(whole_numbers=True)
    message = make()
    report(message)
    Message.objects.filter(pk=message.pk).update(mobile=hash_mobile(MOBILE))
    work(broker)
    assert receiver.posts[0].event["data"]["mobile"] == MASKED


def test_what_was_deleted_since_goes_out_without_a_number(
    subscribe: Subscribe, receiver: Receiver, broker: FakeBroker
) -> None:
    subscribe()
    message = make()
    report(message)
    pk = message.pk
    message.delete()
    work(broker)
    data = receiver.posts[0].event["data"]
    assert data["message"] == pk
    assert "mobile" not in data


def test_a_reply_is_told_with_the_metadata_of_what_it_answers(
    subscribe: Subscribe, receiver: Receiver, broker: FakeBroker
) -> None:
    subscribe(whole_numbers=True)
    message = make(metadata={"order": 7})
    Reply.objects.receive(Reply(mobile=MOBILE, smsid="158", content="收到"))
    Reply.objects.receive(Reply(mobile="13900139000", content="你是谁"))
    work(broker)
    known, stranger = (post.event["data"] for post in receiver.posts)
    assert (known["message"], known["mobile"], known["metadata"]) == (message.pk, MOBILE, {"order": 7})
    assert (stranger["message"], stranger["mobile"], "metadata" in stranger) == (None, "13900139000", False)


def test_no_log_record_holds_what_is_a_secret(
    subscribe: Subscribe, receiver: Receiver, broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint = subscribe()
    receiver.answer(500)
    report(make())
    work(broker)
    told = " ".join(f"{record.getMessage()} {vars(record)}" for record in package_records(caplog))
    assert "webhook.failed" in told
    for secret in (endpoint.secret.removeprefix(signatures.PREFIX), "of-the-receiver", MOBILE, "123456"):
        assert secret not in told
