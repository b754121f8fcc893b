"""``send_bulk``: what it records, refuses, publishes, and how it goes on after an interruption."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import DatabaseError, DataError, IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone as django_timezone
from pytest_django import Settings

from django_ihuyi import maintenance, send_bulk, send_sms
from django_ihuyi.models import Batch, Message, OptOut
from tests.bad_metadata import BAD
from tests.fakes import FakeBroker, FakeGateway
from tests.log_records import events

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.by_database]


def numbers(count: int, first: int = 0) -> list[str]:
    return [f"139{number:08}" for number in range(first, first + count)]


def refusals(result: Any) -> list[tuple[int, int]]:
    return [(refused.index, refused.code) for refused in result.refused]


def test_chunks_are_recorded_and_published_once_each(broker: FakeBroker) -> None:
    result = send_bulk(((mobile, "您好") for mobile in numbers(25)), batch_size=10, category="marketing")
    messages = list(Message.objects.order_by("pk"))
    assert [message.mobile for message in messages] == numbers(25)
    assert {(m.status, m.content, m.category, m.segments, m.batch_id) for m in messages} == {
        ("queued", "您好", "marketing", 1, result.batch.pk)
    }
    published = broker.take()
    assert [len(task.pks) for task in published] == [10, 10, 5]
    assert {task.task for task in published} == {"django_ihuyi.tasks.submit_batch"}
    assert [pk for task in published for pk in task.pks] == [message.pk for message in messages]
    assert (result.recorded, result.refused) == (25, [])
    batch = Batch.objects.get()
    assert (batch.recorded, batch.refused, batch.account, batch.category) == (25, 0, "default", "marketing")
    assert batch.finished_at is not None
    assert batch.count_by_status() == {"queued": 25}


def test_what_one_more_chunk_costs(broker: FakeBroker) -> None:
    with CaptureQueriesContext(connection) as few:
        send_bulk(((mobile, "您好") for mobile in numbers(20)), batch_size=10, category="marketing")
    with CaptureQueriesContext(connection) as more:
        send_bulk(((mobile, "您好") for mobile in numbers(30)), batch_size=10, category="marketing")
    # Who opted out, what was said before, and in one transaction with a savepoint the INSERT and the count.
    assert len(more) - len(few) <= 8


ROWS: list[tuple[str, Any, dict[str, Any], dict[str, Any]]] = [
    ("a tuple", ("138 0013 8000", "您好"), {}, {"mobile": "13800138000", "content": "您好"}),
    ("a list", ["13800138000", "您好"], {}, {"content": "您好"}),
    ("a number alone", "13800138000", {"content": "您好"}, {"content": "您好"}),
    ("a number and its variables", ("13800138000", ["1234"]), {"template": 1}, {"content": "1234", "template": "1"}),
    ("common variables", "13800138000", {"template": 1, "params": ["1234"]}, {"content": "1234", "template": "1"}),
    ("a dict", {"mobile": "13800138000", "content": "您好", "metadata": {"a": 1}}, {}, {"metadata": {"a": 1}}),
    ("a template of its own", {"mobile": "13800138000", "template": 7, "params": ["9"]}, {"content": "您好"},
     {"content": "9", "template": "7"}),
    ("a text of its own", {"mobile": "13800138000", "content": "再见"}, {"template": 7, "params": ["9"]},
     {"content": "再见", "template": ""}),
    ("a key of its own", {"mobile": "13800138000", "content": "您好", "idempotency_key": "k"}, {},
     {"idempotency_key": "k"}),
]  # fmt: skip


@pytest.mark.parametrize(("row", "common", "wanted"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_forms_of_a_message(broker: FakeBroker, row: Any, common: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert send_bulk([row], **common).recorded == 1
    message = Message.objects.get()
    assert {name: getattr(message, name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (("13800138000",), "Message 1 has 1 parts"),
        ({"content": "您好"}, "Message 1 lacks 'mobile'"),
        ({"mobile": "13800138000", "text": "您好"}, "Message 1 has 'text'"),
        ({"mobile": "13800138000", "content": "您好", "account": "other"}, "Message 1 has 'account'"),
    ],
)
def test_a_message_of_no_such_form(broker: FakeBroker, row: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        send_bulk([("13900139000", "您好"), row], batch_size=1)
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"batch_size": 0}, "1 or more"),
        ({"idempotency_key": ""}, "1 to 100 characters, this one 0"),
        ({"idempotency_key": "k" * 101}, "this one 101"),
        ({"category": "promotion"}, "There is no category 'promotion'"),
        ({"idempotency_key": "a\0b"}, "The key of a bulk has a character that a database does not take"),
        ({"metadata": {"a": float("nan")}}, "metadata has NaN or Infinity"),
        ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "expires_at is not after send_at and the present"),
        ({"template": "t" * 33}, "A template's name or id has 1 to 32 characters"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        send_bulk([], **arguments)
    assert not Batch.objects.exists()


def test_what_is_refused_is_told_by_its_place(broker: FakeBroker) -> None:
    OptOut.objects.create(mobile="13900000009")
    rows = [
        ("13800138000", "您好"),
        ("021 6277 0000", "您好"),
        ("13800138000", ""),
        ("13800138000", "您好😀"),
        ("13900000009", "您好"),
        ("13800138000", "您好"),
        ("13800138000", "再见"),
    ]
    result = send_bulk(rows, category="marketing")
    assert refusals(result) == [(1, 406), (2, 404), (3, 4074), (4, 4030), (5, 4083)]
    assert result.recorded == Message.objects.count() == 2
    assert not any("1380" in refused.reason or "您好" in refused.reason for refused in result.refused)
    batch = Batch.objects.get()
    assert (batch.recorded, batch.refused) == (2, 5)


def test_the_same_text_in_another_chunk_is_refused_too(broker: FakeBroker) -> None:
    send_sms("13900000001", "您好")  # no part of the bulk
    result = send_bulk([(mobile, "您好") for mobile in [*numbers(3), *numbers(3)]], batch_size=2)
    assert refusals(result) == [(3, 4083), (4, 4083), (5, 4083)]
    assert result.recorded == 3


def test_opting_out_is_about_marketing(broker: FakeBroker) -> None:
    OptOut.objects.create(mobile="13800138000")
    assert send_bulk([("13800138000", "您好")], category="notification").recorded == 1
    with pytest.raises(ValueError, match="opted out") as caught:
        send_sms("13800138000", "您好", category="marketing")
    assert getattr(caught.value, "code", None) == 4030
    assert send_sms("13800138000", "您好").status == "queued"


def interrupted(rows: list[tuple[str, str]], after: int) -> Iterator[tuple[str, str]]:
    yield from rows[:after]
    raise KeyboardInterrupt


def test_the_same_key_goes_on_where_it_was_interrupted(broker: FakeBroker) -> None:
    rows = [(mobile, "您好") for mobile in numbers(50)]
    with pytest.raises(KeyboardInterrupt):
        send_bulk(interrupted(rows, 25), batch_size=10, idempotency_key="spring")
    assert Message.objects.count() == 20
    result = send_bulk(rows, batch_size=10, idempotency_key="spring")
    assert (result.recorded, result.refused) == (50, [])
    assert sorted(Message.objects.values_list("mobile", flat=True)) == numbers(50)
    assert sorted(broker.take_pks()) == sorted(Message.objects.values_list("pk", flat=True))
    again = send_bulk(rows, batch_size=10, idempotency_key="spring")
    assert (again.recorded, again.batch) == (50, result.batch)
    assert broker.take() == []
    assert Batch.objects.get().recorded == 50


def test_going_on_counts_what_is_refused_once(broker: FakeBroker) -> None:
    rows = [("13800138000", "您好"), ("1", "您好")]
    with pytest.raises(KeyboardInterrupt):
        send_bulk(interrupted(rows, 2), batch_size=1, idempotency_key="spring")
    send_bulk(rows, idempotency_key="spring")
    batch = Batch.objects.get()
    assert (batch.recorded, batch.refused) == (1, 1)


def test_a_key_is_one_bulks(broker: FakeBroker) -> None:
    send_bulk([("13800138000", "您好")], idempotency_key="spring")
    with pytest.raises(ValueError, match="a bulk of category 'notification' on account 'default'"):
        send_bulk([("13800138000", "您好")], idempotency_key="spring", category="marketing")


def test_keys_of_single_messages_count(broker: FakeBroker) -> None:
    first = send_sms("13800138000", "您好", idempotency_key="order-7")
    broker.take()
    rows = [
        {"mobile": mobile, "content": "您好", "idempotency_key": f"order-{n}"} for n, mobile in enumerate(numbers(10))
    ]
    result = send_bulk(rows)
    assert (result.recorded, Message.objects.count()) == (10, 10)
    assert Message.objects.get(idempotency_key="order-7") == first


def test_a_key_that_another_call_takes_meanwhile(broker: FakeBroker) -> None:
    rows = [{"mobile": mobile, "content": "您好", "idempotency_key": f"{mobile}!"} for mobile in numbers(5)]

    def take_one(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if "idempotency_key" in sql.partition(" WHERE ")[2] and not Message.objects.exists():
            Message.objects.create(mobile="13800138000", content="您好", idempotency_key=rows[3]["idempotency_key"])
        return result

    with connection.execute_wrapper(take_one):
        assert send_bulk(rows).recorded == 5
    assert Message.objects.count() == 5
    assert Batch.objects.get().recorded == 5
    assert len(broker.take_pks()) == 4


def test_later_messages_are_left_to_the_sweep(broker: FakeBroker) -> None:
    send_bulk([(mobile, "您好") for mobile in numbers(3)], send_at=django_timezone.now() + timedelta(hours=1))
    assert broker.take() == []
    message = Message.objects.all()[0]
    assert message.publish_at == message.due_at == message.send_at


def test_sweep_waits_longer_for_the_end_of_a_long_queue(broker: FakeBroker, settings: Settings) -> None:
    account = {**settings.IHUYI["ACCOUNTS"]["default"], "RATE_LIMIT": 2}
    settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account}}
    before = django_timezone.now()
    send_bulk([(mobile, "您好") for mobile in numbers(300)], batch_size=100)
    waits = [(m.publish_at - before).total_seconds() for m in Message.objects.order_by("pk")[::100]]
    assert [round(wait, -1) for wait in waits] == [60, 110, 160]


def test_after_the_callers_commit(broker: FakeBroker) -> None:
    with transaction.atomic():
        send_bulk([(mobile, "您好") for mobile in numbers(3)], batch_size=2)
        assert broker.take() == []
    assert len(broker.take()) == 2


def test_from_the_call_to_the_wire(broker: FakeBroker, wire: FakeGateway) -> None:
    send_bulk([(mobile, "您好") for mobile in numbers(40)], batch_size=20)
    for task in broker.take():
        task.run()
    assert sorted(form["mobile"] for form in wire.accepted) == numbers(40)
    assert Batch.objects.get().count_by_status() == {"accepted": 40}
    assert maintenance.sweep()["published"] == 0


ALIKE: dict[str, list[dict[str, Any]]] = {
    "a number and a truth value": [{"vip": 1}, {"vip": True}, {"vip": 1}],
    "zero and false": [{"vip": 0}, {"vip": False}],
    "an integer and a float": [{"vip": 1}, {"vip": 1.0}],
    "far inside": [{"a": [{"b": 1}]}, {"a": [{"b": True}]}, {"a": [{"b": 1.0}]}],
    "nothing and something": [{}, {"vip": False}, {}],
    "equal": [{"vip": True}, {"vip": True}],
}


@pytest.mark.parametrize("notes", ALIKE.values(), ids=ALIKE)
@pytest.mark.parametrize("common", [None, {"vip": 1}], ids=["none in common", "one in common"])
def test_metadata__of_rows_that_compare_equal__keeps_its_types(
    notes: list[dict[str, Any]], common: dict[str, Any] | None, broker: FakeBroker
) -> None:
    rows: list[dict[str, Any]] = [
        {"mobile": mobile, "metadata": note} for mobile, note in zip(numbers(9), notes, strict=False)
    ]
    send_bulk([*rows, {"mobile": "13800138000"}], content="您好", metadata=common)
    read = Message.objects.order_by("pk").values_list("metadata", flat=True)
    assert list(map(json.dumps, read)) == list(map(json.dumps, [*notes, common or {}]))


def test_metadata__that_the_caller_changes_meanwhile__is_what_each_row_had(broker: FakeBroker) -> None:
    note: dict[str, Any] = {}

    def rows() -> Iterator[dict[str, Any]]:
        for order, mobile in enumerate(numbers(3)):
            note["order"] = order
            yield {"mobile": mobile, "content": "您好", "metadata": note}

    send_bulk(rows(), batch_size=1, metadata=note)
    assert [row.metadata for row in Message.objects.order_by("pk")] == [{"order": order} for order in range(3)]


NO_TEMPLATE = (4071, "A template's name or id has 1 to 32 characters")
BAD_ROWS: dict[str, tuple[dict[str, Any], tuple[int, str]]] = {
    **{f"metadata: {name}": ({"metadata": make()}, (407, "metadata ")) for name, make in BAD.items()},
    "key: NUL": ({"idempotency_key": "a\0b"}, (407, "An idempotency key has a character")),
    "key: half of a surrogate pair": ({"idempotency_key": "\ud83d"}, (407, "An idempotency key has a character")),
    "key: empty": ({"idempotency_key": ""}, (407, "An idempotency key has 1 to 128 characters")),
    "key: too long": ({"idempotency_key": "k" * 129}, (407, "An idempotency key has 1 to 128 characters")),
    "template: NUL": ({"content": None, "template": "a\0b", "params": ["1"]}, NO_TEMPLATE),
    "template: half of a surrogate pair": ({"content": None, "template": "\udc00", "params": ["1"]}, NO_TEMPLATE),
    "template: too long": ({"content": None, "template": "t" * 33, "params": ["1"]}, NO_TEMPLATE),
    "template: too many digits": ({"content": None, "template": 10**5000, "params": ["1"]}, NO_TEMPLATE),
    "variable: NUL": ({"content": None, "template": 7, "params": ["\0"]}, (407, "Variable 1 ")),
    "variable: too many digits": ({"content": None, "template": 7, "params": [10**5000]}, (407, "One of its values")),
    "text: NUL": ({"content": "a\0b"}, (407, "The text ")),
    "time: over before it begins": ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, (407, "expires_at is not after")),
    "time: before all others": (
        {"send_at": datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))},
        (407, "send_at is not in the years"),
    ),
    "time: after all others": (
        {"expires_at": datetime.max.replace(tzinfo=timezone(-timedelta(hours=12)))},
        (407, "expires_at is not in the years"),
    ),
}


@pytest.mark.parametrize(("wrong", "refusal"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_row__that_cannot_be_recorded__is_refused_alone(
    wrong: dict[str, Any], refusal: tuple[int, str], broker: FakeBroker
) -> None:
    rows: list[dict[str, Any]] = [{"mobile": mobile, "content": "您好"} for mobile in numbers(3)]
    rows[1] = {**rows[1], **wrong}
    result = send_bulk(rows)
    code, says = refusal
    assert refusals(result) == [(1, code)]
    assert result.refused[0].reason.startswith(says)
    assert [word for word in ("1390", "2020", "kkk", "ttt") if word in result.refused[0].reason] == []
    assert sorted(Message.objects.values_list("mobile", flat=True)) == [numbers(3)[0], numbers(3)[2]]
    batch = Batch.objects.get()
    assert (batch.recorded, batch.refused, batch.error) == (2, 1, "")


@pytest.mark.parametrize("with_keys", [False, True], ids=["no keys", "keys"])
@pytest.mark.parametrize("error", [DataError, IntegrityError], ids=["data", "integrity"])
def test_row__that_only_the_database_refuses__is_refused_alone(
    error: type[Exception], with_keys: bool, broker: FakeBroker
) -> None:
    """Such as by a constraint of the site's own."""
    bad = numbers(5)[2]

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT") and any(bad == one or (isinstance(one, list) and bad in one) for one in params):
            raise error(f"value {bad} of {numbers(5)}")
        return execute(sql, params, many, context)

    keys = {"idempotency_key": "spring"} if with_keys else {}
    with connection.execute_wrapper(refuse):
        result = send_bulk([(mobile, "您好") for mobile in numbers(5)], **keys)  # type: ignore[arg-type]  # the key
    assert (refusals(result), result.recorded) == ([(2, 407)], 4)
    assert "139" not in result.refused[0].reason
    assert sorted(broker.take_pks()) == sorted(Message.objects.values_list("pk", flat=True))
    assert (Message.objects.count(), Batch.objects.get().recorded, Batch.objects.get().refused) == (4, 4, 1)


def test_refusals__beyond_the_first_thousand__are_counted_and_told_one_by_one(broker: FakeBroker) -> None:
    told: list[int] = []
    rows = [("1", "您好") for _number in range(1500)] + [("13800138000", "您好")]
    result = send_bulk(rows, batch_size=400, on_refused=lambda refused: told.append(refused.index))
    assert [refused.index for refused in result.refused] == list(range(1000))
    assert (result.refused_count, result.recorded, told) == (1500, 1, list(range(1500)))
    assert Batch.objects.get().refused == 1500


FAILURES: dict[str, BaseException] = {
    "an error": RuntimeError("of 13800138000"),
    "the database": OperationalError("of 13800138000"),
    "Ctrl-C": KeyboardInterrupt(),
}


@pytest.mark.parametrize("error", FAILURES.values(), ids=FAILURES)
def test_batch__of_a_call_that_fails__has_ended_and_goes_on_under_its_key(
    error: BaseException, broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    def rows() -> Iterator[tuple[str, str]]:
        yield from ((mobile, "您好") for mobile in numbers(4))
        raise error

    with pytest.raises(type(error)):
        send_bulk(rows(), batch_size=2, idempotency_key="spring")
    batch = Batch.objects.get()
    assert (batch.recorded, batch.error, batch.finished_at is None) == (4, type(error).__name__, False)
    assert events(caplog, logging.ERROR) == (["bulk.failed"] if isinstance(error, Exception) else [])
    assert "138" not in caplog.text

    def going_on() -> Iterator[tuple[str, str]]:
        batch.refresh_from_db()
        assert (batch.error, batch.finished_at) == ("", None)
        yield from ((mobile, "您好") for mobile in numbers(5))

    assert send_bulk(going_on(), idempotency_key="spring").recorded == 5
    batch.refresh_from_db()
    assert (batch.recorded, batch.error, batch.finished_at is None) == (5, "", False)


def test_failure__in_a_transaction_that_is_broken__is_the_one_that_broke_it(broker: FakeBroker) -> None:
    def rows() -> Iterator[tuple[str, str]]:
        yield "13800138000", "您好"
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM nowhere")

    with pytest.raises(DatabaseError, match="nowhere"), transaction.atomic():
        send_bulk(rows(), batch_size=1)
    assert not Batch.objects.exists()
