"""A site whose router reads from a replica: what decides is read where it is written, and so are transactions opened.

The whole suite runs with such a router (see ``tests/db_routers.py``). Here the main ways are gone once more with the
two databases changed about, so that nothing is left that takes the writer to be called ``default``; and what a crash or
a rollback in between leaves, where a transaction in the wrong database would hold nothing together.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi import send_bulk, send_code, send_sms, signals, tasks, verify_code
from django_ihuyi.admin.template import TemplateAdmin
from django_ihuyi.api.models import ApiCall
from django_ihuyi.dashboard import counters
from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.models import (
    AccountState,
    BalanceReading,
    Batch,
    Message,
    OptOut,
    Receipt,
    Reply,
    Template,
    TemplateReview,
)
from django_ihuyi.privacy.erasure import erase
from django_ihuyi.pushes.views import ReceiptPush
from django_ihuyi.sending.resend import resend
from django_ihuyi.verification.models import VerificationCode
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint
from django_ihuyi.worker import account_pause, submission

from .db_routers import OtherWayRound, PrimaryReplicaRouter
from .fakes import FakeBroker, FakeGateway
from .signal_recorder import SignalRecorder

MOBILE = "13800138000"


@pytest.fixture(autouse=True)
def _webhooks(settings: Settings) -> Iterator[None]:
    """What a test's process knew of endpoints ends with the test."""
    settings.IHUYI = {**settings.IHUYI, "WEBHOOKS": {}}
    WebhookEndpoint.objects.forget()
    yield
    WebhookEndpoint.objects.forget()


@pytest.fixture(
    params=[
        pytest.param(PrimaryReplicaRouter, marks=pytest.mark.django_db(transaction=True), id="reads-from-replica"),
        pytest.param(
            OtherWayRound, marks=pytest.mark.django_db(transaction=True, databases=["replica"]), id="writes-to-replica"
        ),
    ]
)
def writer(request: pytest.FixtureRequest, settings: Settings, wire: FakeGateway, broker: FakeBroker) -> str:
    """The database that is written to; no other may be asked."""
    router: type[PrimaryReplicaRouter] = request.param
    settings.DATABASE_ROUTERS = [f"{router.__module__}.{router.__qualname__}"]
    return router.writes


def sent(**values: Any) -> Message:
    """A message that the gateway took."""
    message = send_sms(MOBILE, "您的订单已发货", **values)
    submission.submit(message.pk)
    message.refresh_from_db()
    return message


def receipt_of(message: Message, *, smsid: str | None = None, whose: Message | None = None) -> Receipt:
    return Receipt(
        mobile=message.mobile,
        smsid=smsid or message.smsid or "",
        code=2,
        msg="DELIVRD",
        report_time=timezone.now(),
        report_time_text="2017-08-02 14:31:51",
        message=whose,
    )


def reply_to(message: Message) -> Reply:
    return Reply(mobile=message.mobile, smsid=message.smsid or "", content="TD", reply_time_text="2017-05-24 17:46:50")


WINDOW = timedelta(hours=72)


def test_a_message_and_its_receipts(writer: str, heard: SignalRecorder) -> None:
    heard.listen(signals.message_accepted, signals.message_delivered)
    message = sent(idempotency_key="order-7")
    assert send_sms(MOBILE, "您的订单已发货", idempotency_key="order-7").pk == message.pk
    assert (message.status, message._state.db) == ("accepted", writer)
    assert Receipt.objects.receive(receipt_of(message), window=WINDOW)
    assert not Receipt.objects.receive(receipt_of(message), window=WINDOW)
    message.refresh_from_db()
    assert message.status == "delivered"
    assert message.receipts.get().message == message
    assert [len(heard[one]) for one in (signals.message_accepted, signals.message_delivered)] == [1, 1]


def test_a_receipt_that_comes_before_the_answer(writer: str, wire: FakeGateway) -> None:
    def push(form: dict[str, str]) -> None:
        assert Receipt.objects.receive(receipt_of(message, smsid=form["smsid"]), window=WINDOW)
        assert not Receipt.objects.filter(message=message).exists()

    message = send_sms(MOBILE, "您的订单已发货")
    wire.when_taken = push
    submission.submit(message.pk)
    message.refresh_from_db()
    assert (message.status, message.receipts.count()) == ("delivered", 1)


def test_a_receipt_whose_neighbour_is_on_the_wire_is_kept(writer: str) -> None:
    now = timezone.now()
    unknown, _neighbour = (
        Message.objects.create(mobile=MOBILE, content="x", status=status, submitted_at=now)
        for status in ("unknown", "submitting")
    )
    assert Receipt.objects.receive(receipt_of(unknown, smsid="77777777"), window=WINDOW)
    unknown.refresh_from_db()
    assert (unknown.status, Receipt.objects.get().message) == ("unknown", None)


def test_a_reply_and_its_repeat(writer: str, heard: SignalRecorder) -> None:
    heard.listen(signals.reply_received)
    message = sent()
    assert Reply.objects.receive(reply_to(message), opt_out="TD")
    assert not Reply.objects.receive(reply_to(message), opt_out="TD")
    reply = Reply.objects.get()
    assert (reply.message, OptOut.objects.get().reply) == (message, reply)
    assert len(heard[signals.reply_received]) == 1
    assert Reply.objects.mark([reply.pk], read_by=None, now=timezone.now()) == [reply]
    with pytest.raises(InvalidMessage, match="opted out"):
        send_sms(MOBILE, "大促", category="marketing")


def test_a_reply_comes_again_after_its_process_died(writer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Death(BaseException):
        pass

    def die(*_args: object) -> None:
        raise Death

    message = sent()
    with monkeypatch.context() as patch:
        patch.setattr(OptOut.objects, "cancel_pending", die)
        with pytest.raises(Death):
            Reply.objects.receive(reply_to(message), opt_out="TD")
    assert Reply.objects.receive(reply_to(message), opt_out="TD")
    assert OptOut.objects.get().mobile == MOBILE


def test_a_code(writer: str) -> None:
    message = send_code(MOBILE, "login")
    submission.submit(message.pk)
    code = VerificationCode.objects.get()
    assert code.message == message
    assert verify_code(MOBILE, "login", code.derive())
    assert not verify_code(MOBILE, "login", code.derive())


def test_an_account_is_paused_tried_and_resumed(writer: str, wire: FakeGateway, heard: SignalRecorder) -> None:
    heard.listen(signals.account_paused, signals.account_resumed)
    wire.answer(4051)
    message = sent()
    state = AccountState.objects.get()
    assert (message.status, len(heard[signals.account_paused])) == ("queued", 1)
    assert account_pause.probe_soon(state, now=timezone.now())
    submission.submit(message.pk)
    message.refresh_from_db()
    assert (message.status, len(heard[signals.account_resumed])) == ("accepted", 1)


def test_no_signal_of_a_pause_that_was_rolled_back(writer: str, heard: SignalRecorder) -> None:
    heard.listen(signals.account_paused)
    with transaction.atomic(using=writer):
        AccountState.objects.pause("default", code=4051, msg="", clock_offset=None, now=timezone.now())
        transaction.set_rollback(True, using=writer)
    assert (heard[signals.account_paused], AccountState.objects.count()) == ([], 0)


def test_a_receipt_that_is_another_messages_changes_none(writer: str) -> None:
    now = timezone.now()
    one, other = (
        Message.objects.create(mobile=MOBILE, content="x", status=status, submitted_at=now)
        for status in ("unknown", "delivered")
    )
    receipt = receipt_of(one, smsid="77777777", whose=other)
    receipt.save()
    assert not Receipt.objects.attach(receipt, one)
    one.refresh_from_db()
    assert one.status == "unknown"


def test_a_bulk_that_is_handed_over_twice(writer: str, broker: FakeBroker) -> None:
    rows = [(f"1380013800{number}", "店庆") for number in range(3)]
    first, second = (send_bulk(rows, batch_size=2, idempotency_key="jubilee") for _ in range(2))
    assert (first.batch, first.recorded, second.recorded) == (second.batch, 3, 3)
    assert Batch.objects.get().count_by_status() == {"queued": 3}
    pks = list(first.batch.messages.values_list("pk", flat=True))
    tasks.submit_batch(pks)
    assert set(Message.objects.values_list("status", flat=True)) == {"accepted"}


def test_sent_again(writer: str) -> None:
    message = sent()
    Message.objects.update(status="undelivered")
    assert resend(message).resend_of == message


def test_the_sweep_and_the_figures(writer: str) -> None:
    message = send_sms(MOBILE, "您的订单已发货")
    Message.objects.update(publish_at=timezone.now() - timedelta(seconds=1))
    tasks.sweep()
    message.refresh_from_db()
    assert message.publishes == 1
    assert counters.recount(message.created_at, now=timezone.now())
    call_command("ihuyi_purge")


def test_the_balance_falls(writer: str, settings: Settings, wire: FakeGateway, heard: SignalRecorder) -> None:
    heard.listen(signals.balance_low)
    settings.IHUYI = {**settings.IHUYI, "BALANCE_LOW": 500}
    tasks.check_balance()
    tasks.check_balance()
    assert (BalanceReading.objects.count(), len(heard[signals.balance_low])) == (2, 1)


def test_another_system_is_told(writer: str, broker: FakeBroker) -> None:
    endpoint = WebhookEndpoint.objects.create(name="shop", url="https://example.com/", events=["message.accepted"])
    message = sent()
    delivery = WebhookDelivery.objects.to_deliver(WebhookDelivery.objects.get().pk)
    assert delivery is not None
    assert (delivery.endpoint, delivery.message) == (endpoint, message)
    assert delivery.claim(now=timezone.now(), lease=timedelta(minutes=1))


def test_a_review_before_and_after_the_id(writer: str, heard: SignalRecorder) -> None:
    heard.listen(signals.template_reviewed)
    template = Template.objects.create(name="shipped", text="订单【变量】已发货")
    assert TemplateReview.objects.receive(TemplateReview(templateid="77", code=2))
    assert template.begin_submission(now=timezone.now())
    assert template.settle("77")
    template.refresh_from_db()
    assert template.state == Template.State.PASSED
    assert not TemplateReview.objects.receive(TemplateReview(templateid="77", code=2))
    assert TemplateReview.objects.get().template == template
    assert len(heard[signals.template_reviewed]) == 1


def test_a_key_of_the_api(writer: str) -> None:
    assert ApiCall.objects.same(key="k", fingerprint="one")
    assert ApiCall.objects.same(key="k", fingerprint="one")
    assert not ApiCall.objects.same(key="k", fingerprint="two")


@pytest.mark.django_db
def test_a_person_is_erased_whose_rows_the_replica_does_not_have(settings: Settings) -> None:
    """Also in tables of other apps, which are read as their own managers read them."""
    from django.contrib.admin.models import LogEntry

    from django_ihuyi.contrib.otp.models import SmsDevice

    user = _user()
    Message.objects.create(mobile=MOBILE, content="x", status="delivered")
    SmsDevice.objects.create(user=user, mobile=MOBILE)
    LogEntry.objects.create(
        user=user, content_type=_content_type(), object_repr=MOBILE, action_flag=1, change_message=""
    )
    settings.DATABASE_ROUTERS = ["tests.db_routers.LogsFromReplica"]
    counts = erase(MOBILE)
    assert (counts["admin.LogEntry"], counts["ihuyi_otp.SmsDevice"]) == (1, 1)
    assert counts["django_ihuyi.Message"] == 1
    assert not SmsDevice.objects.using("default").exists()


def _user() -> Any:
    from django.contrib.auth import get_user_model

    return get_user_model()._default_manager.create(username="staff")


def _content_type() -> Any:
    from django.contrib.contenttypes.models import ContentType

    return ContentType.objects.get_for_model(Message)


@pytest.mark.parametrize("router", [PrimaryReplicaRouter, OtherWayRound])
def test_pushes_and_handing_in_are_in_no_requests_transaction(
    router: type[PrimaryReplicaRouter], settings: Settings
) -> None:
    from django.contrib.admin import site

    settings.DATABASE_ROUTERS = [f"{router.__module__}.{router.__qualname__}"]
    submit = next(one for one in TemplateAdmin(Template, site).get_urls() if one.name == "django_ihuyi_template_submit")
    for view in (ReceiptPush.as_view(), submit.callback):
        assert router.writes in getattr(view, "_non_atomic_requests", ())
