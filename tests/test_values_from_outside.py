"""What a client, the gateway, a carrier or a receiver says is made to fit its column: nothing is lost for a value."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi import balance, send_sms
from django_ihuyi.gateway import NotSent, SubmitResult, Uncertain
from django_ihuyi.models import AccountState, BalanceReading, Message, Receipt, Reply, Template, TemplateReview
from django_ihuyi.sending.template_registry import submit_for_review
from django_ihuyi.tasks import check_balance, submit_batch, submit_message
from django_ihuyi.testing import OutboxClient
from django_ihuyi.webhooks.models import WebhookDelivery, WebhookEndpoint
from django_ihuyi.worker import submission
from tests.fakes import FakeBroker, FakeGateway
from tests.pushes.push_client import RECEIPT, REPLY, REVIEW, push
from tests.worker.helpers import bulk

pytestmark = pytest.mark.django_db(transaction=True)

NUL, HALF, EMOJI, REPLACED = "\x00", "\ud83d", "\N{GRINNING FACE}", "\N{REPLACEMENT CHARACTER}"
MOST, LEAST = 2**63 - 1, -(2**63)


class SaysSo(OutboxClient):
    """A client of the site's own, which answers what a test told it to."""

    answer: Any = None
    """For everything; for the first Submit only where there are several."""
    left = 1

    def submit(self, mobile: str, content: str, template: int | str | None = None) -> Any:
        if not SaysSo.left:
            return super().submit(mobile, content, template)
        SaysSo.left -= 1
        return _say()

    def get_balance(self) -> Any:
        return _say()

    def add_template(self, content: str) -> Any:
        return _say()


def _say() -> Any:
    if isinstance(SaysSo.answer, Exception):
        raise SaysSo.answer
    return SaysSo.answer


@pytest.fixture
def client_says(settings: Settings) -> Callable[[Any], None]:
    """Let the accounts have the client, and tell it what to answer."""

    def say(answer: Any) -> None:
        default = {**settings.IHUYI["ACCOUNTS"]["default"], "CLIENT": f"{__name__}.SaysSo"}
        settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": default}}
        SaysSo.answer, SaysSo.left = answer, 1

    return say


def result(code: Any = 2, msg: Any = "", smsid: Any = "7", server_time: Any = None) -> SubmitResult:
    return SubmitResult(code, msg, smsid, server_time)


ANSWERS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "smsid of 64 digits": (result(smsid="7" * 64), "accepted", {"smsid": "7" * 64}),
    "smsid of 70 digits": (result(smsid="7" * 70), "accepted", {"smsid": None}),
    "smsid that is a number": (result(smsid=7), "accepted", {"smsid": "7"}),
    "smsid with NUL": (result(smsid=f"7{NUL}"), "accepted", {"smsid": None}),
    "smsid with half a character": (result(smsid=f"7{HALF}"), "accepted", {"smsid": None}),
    "smsid of zeros": (result(smsid="000"), "accepted", {"smsid": None}),
    "smsid that is none": (result(smsid={"id": 7}), "accepted", {"smsid": None}),
    "msg with NUL": (result(msg=f"a{NUL}b"), "accepted", {"msg": f"a{REPLACED}b"}),
    "msg with half a character": (result(msg=f"a{HALF}b"), "accepted", {"msg": f"a{REPLACED}b"}),
    "msg that is too long": (result(msg="好" * 300), "accepted", {"msg": "好" * 255}),
    "msg that is none": (result(msg=None), "accepted", {"msg": ""}),
    "msg that is bytes": (result(msg=b"ok"), "accepted", {"msg": ""}),
    "code that is a text": (result(code="2"), "accepted", {"code": 2}),
    "code of 64 bits": (result(code=MOST), "rejected", {"code": MOST}),
    "code that is too large": (result(code=10**30), "rejected", {"code": MOST}),
    "code that is too small": (result(code=-(10**30)), "rejected", {"code": LEAST}),
    "refusal with NUL": (result(code=407, msg=f"a{NUL}"), "rejected", {"msg": f"a{REPLACED}"}),
    "refusal for now with NUL": (result(code=0, msg=f"a{NUL}"), "queued", {"msg": f"a{REPLACED}"}),
    "account at fault, with NUL": (result(code=4051, msg=f"a{NUL}" * 200), "queued", {"code": 4051}),
    "not sent, in odd words": (NotSent(f"a{NUL}{HALF}" * 200), "queued", {"code": None}),
    "no answer, in odd words": (Uncertain(f"a{NUL}{HALF}" * 200), "unknown", {"code": None}),
}


@pytest.mark.parametrize("many", [False, True], ids=["one", "a chunk"])
@pytest.mark.parametrize(("answer", "status", "values"), ANSWERS.values(), ids=ANSWERS)
def test_answer__that_fits_no_column__is_kept_as_far_as_it_fits(
    answer: Any,
    status: str,
    values: dict[str, Any],
    many: bool,
    client_says: Callable[[Any], None],
    broker: FakeBroker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    submission.unreachable_accounts.clear()
    client_says(answer)
    pks = bulk(3 if many else 1)
    if many:
        submit_batch(pks)
    else:
        submit_message(pks[0])
    assert HALF not in caplog.text  # no stream could be written to
    assert not Message.objects.filter(status="submitting").exists()
    (message,) = Message.objects.filter(status=status, **values)[:1]
    assert len(message.error) <= 255
    others = Message.objects.exclude(pk=message.pk)
    assert set(others.values_list("status", flat=True)) <= {"accepted", "queued"}  # queued: the account is paused


@pytest.mark.parametrize("answer", [result(code=None), result(code="two"), result(code=2.0), {"code": 2}, None])
def test_answer__without_a_code_that_can_be_read__is_unknown(
    answer: Any, client_says: Callable[[Any], None], broker: FakeBroker
) -> None:
    client_says(answer)
    (pk,) = bulk(1)
    with pytest.raises((TypeError, AttributeError)):
        submit_message(pk)
    assert Message.objects.get().status == "unknown"


@pytest.mark.parametrize(
    ("date", "offset"),
    [
        ("Mon, 01 Jan 1900 00:00:00 GMT", None),
        ("Sat, 01 Jan 0001 00:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("Tue, 01 Jan 2099 00:00:00 GMT", "least"),
        ("yesterday", None),
    ],
)
def test_clock__that_is_off_beyond_its_column__pauses_the_account(
    date: str, offset: str | None, wire: FakeGateway, broker: FakeBroker
) -> None:
    wire.headers["Date"] = date
    wire.answer(40501, 40501)
    message = send_sms("13800138000", "您好")
    for _ in range(2):
        submit_message(message.pk)
    state = AccountState.objects.get()
    assert (state.code, state.paused_since is not None) == (40501, True)
    assert (state.clock_offset is not None and state.clock_offset < -(10**9)) is (offset == "least")
    message.refresh_from_db()
    assert message.status == "queued"


@pytest.mark.parametrize("moment", [datetime(2026, 1, 1), "now", 7], ids=["naive", "a text", "a number"])  # noqa: DTZ001  as a client may answer
def test_clock__of_a_client__of_any_type__pauses_the_account(
    moment: object, client_says: Callable[[Any], None], broker: FakeBroker
) -> None:
    client_says(result(code=40501, server_time=moment))
    (pk,) = bulk(1)
    submit_message(pk)
    client_says(result(code=40501, server_time=moment))
    submit_message(pk)
    assert AccountState.objects.get().code == 40501


PUSHES: dict[str, tuple[str, dict[str, str], type[Any], dict[str, Any]]] = {
    "receipt's code": ("receipt", {**RECEIPT, "code": "9" * 30}, Receipt, {"code": MOST}),
    "receipt's code below": ("receipt", {**RECEIPT, "code": "-" + "9" * 30}, Receipt, {"code": LEAST}),
    "receipt's code of 40 bits": ("receipt", {**RECEIPT, "code": str(2**40)}, Receipt, {"code": 2**40}),
    "receipt's smsid": ("receipt", {**RECEIPT, "smsid": "7" * 70}, Receipt, {"smsid": "7" * 64}),
    "receipt's words": ("receipt", {**RECEIPT, "msg": f"{EMOJI}{NUL}" * 200}, Receipt, {}),
    "receipt's number": ("receipt", {**RECEIPT, "mobilephone": "1" * 50}, Receipt, {"mobile": "1" * 32}),
    "reply's text": ("reply", {**REPLY, "content": f"a{NUL}b"}, Reply, {"content": f"a{REPLACED}b"}),
    "reply's time": ("reply", {**REPLY, "reply_time": "x" * 100}, Reply, {"reply_time_text": "x" * 64}),
    "review's code": ("template", {**REVIEW, "code": "9" * 30}, TemplateReview, {"code": MOST}),
    "review's id": ("template", {**REVIEW, "templateid": "7" * 70}, TemplateReview, {"templateid": "7" * 64}),
}


@pytest.mark.parametrize(("kind", "fields", "model", "values"), PUSHES.values(), ids=PUSHES)
def test_push__with_a_value_that_fits_no_column__is_kept(
    kind: str, fields: dict[str, str], model: type[Any], values: dict[str, Any], client: Client
) -> None:
    assert push(client, kind, fields).content == b"success"
    assert model.objects.filter(**values).count() == 1


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (3_000_000_000, 3_000_000_000),
        (10**18, 10**18),
        (10**40, MOST),
        (-(10**40), LEAST),
        (12.75, 12),
        (Decimal("-0.5"), -1),
        (math.nan, None),
        (math.inf, None),
        (None, None),
        ("100", None),
    ],
    ids=str,
)
def test_balance__of_any_size__is_kept_or_told(
    answer: Any, kept: int | None, client_says: Callable[[Any], None]
) -> None:
    client_says(answer)
    check_balance()
    assert list(BalanceReading.objects.values_list("remaining", flat=True)) == ([] if kept is None else [kept])
    assert (balance.fetch("default").error == "") is (kept is not None)


@pytest.mark.parametrize(
    ("answer", "template_id"),
    [(1001, "1001"), ("1001", "1001"), (" 1001 ", "1001"), ("7" * 32, "7" * 32)]
    + [(odd, None) for odd in ("7" * 33, 10**40, 0, "0", "", None, -1, 1.5, f"7{NUL}", "id-7", "７")],
    ids=repr,
)
def test_template_id__of_any_kind__is_kept_or_missed(
    answer: Any, template_id: str | None, client_says: Callable[[Any], None]
) -> None:
    client_says(answer)
    template = Template.objects.create(name="order", text="您的订单【变量】已发货。", variables=["order"])
    assert submit_for_review(template)
    template.refresh_from_db()
    assert (template.state, template.template_id) == ("in_review", template_id)
    assert bool(template.error) is template.lacks_id is (template_id is None)


@pytest.mark.parametrize("end", ["requeue", "fail"])
def test_receiver_of_webhooks__that_answers_oddly__ends_the_try(end: str) -> None:
    endpoint = WebhookEndpoint.objects.create(name="shop", url="https://shop.example/", events=[])
    delivery = WebhookDelivery.objects.ping(endpoint)
    now = timezone.now()
    assert delivery.claim(now=now, lease=timedelta(minutes=1))
    when: dict[str, Any] = {"due_at": now} if end == "requeue" else {"now": now}
    assert getattr(delivery, end)(answer=10**9, error=f"{NUL}{HALF}好" * 200, **when)
    delivery.refresh_from_db()
    assert delivery.status in {"pending", "dead"}
    assert delivery.error.startswith(f"{REPLACED}{REPLACED}好")
    assert len(delivery.error) == 255


REFUSALS = {
    "value": lambda: DataError("value too long: 13800138000"),
    "constraint": lambda: IntegrityError("a constraint of the site's"),
    "character": lambda: OperationalError(1366, "Incorrect string value: '13800138000'"),
    "adapter": lambda: ValueError("cannot be adapted"),
}


@pytest.mark.parametrize("many", [False, True], ids=["one", "a chunk"])
@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (result(smsid="7777", msg="odd"), "accepted", 2),
        (result(code=407, msg="odd"), "rejected", 407),
        (result(code=4080, msg="odd"), "queued", 4080),
        (result(code=4051, msg="odd"), "queued", 4051),
        (NotSent("odd"), "queued", None),
        (Uncertain("odd"), "unknown", None),
    ],
    ids=["accepted", "refused", "refused for now", "account at fault", "not sent", "no answer"],
)
def test_answer__that_the_database_refuses__leaves_its_code_and_status(
    answer: Any,
    status: str,
    code: int | None,
    refusal: Callable[[], Exception],
    many: bool,
    client_says: Callable[[Any], None],
    broker: FakeBroker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client_says(answer)
    pks = bulk(3 if many else 1)
    refused: list[str] = []

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and {"odd", "7777"} & {value for value in params if isinstance(value, str)}:
            refused.append(sql)
            raise refusal()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        if many:
            submit_batch(pks)
        else:
            submit_message(pks[0])
    assert refused
    assert not Message.objects.filter(status="submitting").exists()
    row = (
        Message.objects.get(status=status, code=code, msg="")
        if status != "queued"
        else Message.objects.get(status=status, attempts=1, code=code)
    )
    assert (row.smsid, row.error) == (None, "")
    assert "13800138000" not in caplog.text
    assert [record for record in caplog.records if getattr(record, "event", "") == "answer.refused"]
