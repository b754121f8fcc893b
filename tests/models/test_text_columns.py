"""Columns that cannot hold every character, or take texts for others: what is replaced, refused and reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks
from django.db import connection, connections
from django.test import Client

from django_ihuyi import send_bulk, send_sms
from django_ihuyi.gateway.result_codes import ACCEPTED
from django_ihuyi.models import (
    AccountState,
    Batch,
    Message,
    OptOut,
    Receipt,
    Reply,
    Template,
    TemplateReview,
    column_limits,
)
from django_ihuyi.tasks import submit_batch, submit_message
from tests.fakes import FakeBroker, FakeGateway
from tests.pushes.push_client import RECEIPT, REPLY, REVIEW, push
from tests.worker.helpers import bulk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.by_database]
on_mariadb = pytest.mark.skipif(connection.vendor != "mysql", reason="only MariaDB has columns without all characters")

EMOJI, REPLACED = "\N{GRINNING FACE}", "\N{REPLACEMENT CHARACTER}"
MODELS = (AccountState, Batch, Message, OptOut, Receipt, Reply, Template, TemplateReview)


@contextmanager
def collated(collation: str) -> Iterator[None]:
    """Give the columns of the tables a collation and its character set."""
    _convert(collation)
    try:
        yield
    finally:
        _convert("utf8mb4_nopad_bin")


def _convert(collation: str) -> None:
    charset = collation.partition("_")[0]
    with connection.cursor() as cursor:
        for model in MODELS:
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(f"ALTER TABLE {table} CONVERT TO CHARACTER SET {charset} COLLATE {collation}")
    column_limits._narrow.cache_clear()


@pytest.fixture
def narrow_columns() -> Iterator[None]:
    """As in a database that was made with utf8mb3."""
    with collated("utf8mb3_bin"):
        yield


@pytest.fixture
def narrow_connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As with ``"charset": "utf8"`` in ``OPTIONS``."""
    options = {**connections.settings["default"]["OPTIONS"], "charset": "utf8"}
    monkeypatch.setitem(connections.settings["default"], "OPTIONS", options)
    connection.close()
    column_limits._narrow.cache_clear()
    yield
    connection.close()
    column_limits._narrow.cache_clear()


def problems() -> list[CheckMessage]:
    """What the check says of the database."""
    return [one for one in run_checks(databases=["default"]) if one.id == "django_ihuyi.W018"]


def _reply(client: Client) -> tuple[str, str]:
    assert push(client, "reply", {**REPLY, "content": f"谢谢{EMOJI}"}).content == b"success"
    return Reply.objects.get().content, "谢谢{}"


def _receipt(client: Client) -> tuple[str, str]:
    assert push(client, "receipt", {**RECEIPT, "msg": f"空号{EMOJI}"}).content == b"success"
    return Receipt.objects.get().msg, "空号{}"


def _receipt_of_a_message(client: Client) -> tuple[str, str]:
    Message.objects.create(mobile=RECEIPT["mobilephone"], content="x", status="accepted", smsid=RECEIPT["smsid"])
    assert push(client, "receipt", {**RECEIPT, "msg": f"空号{EMOJI}"}).content == b"success"
    return Message.objects.get().receipt_msg, "空号{}"


def _review(client: Client) -> tuple[str, str]:
    Template.objects.create(name="order", text="x", template_id=REVIEW["templateid"], state="in_review")
    assert push(client, "template", {**REVIEW, "msg": f"通过{EMOJI}"}).content == b"success"
    return Template.objects.get().msg, "通过{}"


def _answer(code: int, many: bool = False) -> Callable[[FakeGateway], tuple[str, str]]:
    def submit(wire: FakeGateway) -> tuple[str, str]:
        wire.answer(*[{"code": code, "msg": f"好{EMOJI}", "smsid": str(100 + index)} for index in range(3)])
        pks = bulk(3 if many else 1)
        if many:
            submit_batch(pks)
        else:
            submit_message(pks[0])
        return Message.objects.order_by("pk")[0].msg, "好{}"

    return submit


def _pause(wire: FakeGateway) -> tuple[str, str]:
    _answer(4051)(wire)
    return AccountState.objects.get().msg, "好{}"


WORDS: dict[str, Callable[[Any], tuple[str, str]]] = {
    "reply": _reply,
    "receipt": _receipt,
    "receipt of a message": _receipt_of_a_message,
    "template review": _review,
    "acceptance": _answer(ACCEPTED),
    "acceptance of many": _answer(ACCEPTED, many=True),
    "refusal": _answer(407),
    "refusal for now": _answer(4080),
    "pause": _pause,
}


PUSHED = (_reply, _receipt, _receipt_of_a_message, _review)


@pytest.mark.parametrize("say", WORDS.values(), ids=WORDS)
@pytest.mark.parametrize(
    ("database", "kept"),
    [
        pytest.param(None, EMOJI, id="every character"),
        pytest.param("narrow_columns", REPLACED, id="narrow columns", marks=on_mariadb),
        pytest.param("narrow_connection", REPLACED, id="narrow connection", marks=on_mariadb),
    ],
)
def test_words_with_an_emoji__are_kept_as_far_as_the_database_holds_them(
    database: str | None,
    kept: str,
    say: Callable[[Any], tuple[str, str]],
    request: pytest.FixtureRequest,
    client: Client,
    wire: FakeGateway,
    broker: FakeBroker,
) -> None:
    if database:
        request.getfixturevalue(database)
    stored, expected = say(
        client if say.__name__ in {"_reply", "_receipt", "_receipt_of_a_message", "_review"} else wire
    )
    assert stored == expected.format(kept)


@on_mariadb
@pytest.mark.usefixtures("narrow_columns")
def test_opt_out__beside_an_emoji_in_another_reply__is_noted(client: Client) -> None:
    assert push(client, "reply", {**REPLY, "content": f"{EMOJI}退订"}).content == b"success"
    assert push(client, "reply", {**REPLY, "content": "退订"}).content == b"success"
    assert (Reply.objects.count(), OptOut.objects.count()) == (2, 1)


@on_mariadb
@pytest.mark.parametrize(
    ("collation", "told"),
    [
        ("utf8mb4_nopad_bin", []),
        ("utf8mb4_bin", []),
        ("utf8mb4_general_ci", ["not binary"]),
        ("utf8mb4_unicode_ci", ["not binary"]),
        ("utf8mb3_bin", ["cannot hold every character"]),
        ("utf8mb3_general_ci", ["cannot hold every character", "not binary"]),
        ("latin1_bin", ["cannot hold every character"]),
    ],
)
def test_check__of_collations__tells_what_is_lost(collation: str, told: list[str]) -> None:
    with collated(collation):
        found = problems()
    assert [next(words for words in told if words in one.msg) for one in found] == told
    for one in found:
        assert "django_ihuyi_" in one.msg
        assert collation in one.msg
        assert "utf8mb4_nopad_bin" in (one.hint or "")


@on_mariadb
@pytest.mark.usefixtures("narrow_connection")
def test_check__of_a_narrow_connection__tells_so() -> None:
    (found,) = problems()
    assert "utf8mb3" in found.msg
    assert "'charset': 'utf8mb4'" in (found.hint or "")


def test_check__of_the_tests_database__tells_nothing() -> None:
    assert problems() == []
    assert [one for one in run_checks(databases=None) if one.id == "django_ihuyi.W018"] == []


KEYS = [
    ("utf8mb4_general_ci", "ORDER-7"),
    ("utf8mb4_general_ci", "örder-7"),
    ("utf8mb4_general_ci", "order-7 "),
    ("utf8mb4_bin", "order-7 "),
]


@on_mariadb
@pytest.mark.parametrize(("collation", "key"), KEYS)
def test_key__that_the_database_takes_for_another__is_refused(collation: str, key: str, broker: FakeBroker) -> None:
    with collated(collation):
        send_sms("13800138000", "您好", idempotency_key="order-7")
        with pytest.raises(ValueError, match=r"case, in accents or in blanks at its end.*utf8mb4_nopad_bin"):
            send_sms("13800138000", "别的", idempotency_key=key)
        send_bulk([("13800138000", "您好")], idempotency_key="order-7")
        with pytest.raises(ValueError, match=r"case, in accents or in blanks at its end.*utf8mb4_nopad_bin"):
            send_bulk([("13800138000", "别的")], idempotency_key=key)
    assert (Message.objects.count(), Batch.objects.count()) == (2, 1)


@pytest.mark.parametrize("key", sorted({key for _collation, key in KEYS}))
def test_key__that_differs_in_little__is_another(key: str, broker: FakeBroker) -> None:
    first = send_sms("13800138000", "您好", idempotency_key="order-7")
    assert send_sms("13800138000", "您好", idempotency_key=key) != first
    assert send_sms("13800138000", "您好", idempotency_key="order-7") == first
