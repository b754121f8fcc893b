"""Messages: sent, listed, looked at and cancelled, masked for those who may not see them whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from django_ihuyi.api import answers
from django_ihuyi.api.models import ApiCall
from django_ihuyi.mobile_hash import hash_mobile
from django_ihuyi.models import Batch, Message
from django_ihuyi.testing import Outbox
from tests.concurrency import run_concurrently

from .conftest import MOBILE, Caller, open_api

pytestmark = pytest.mark.django_db

GOOD = {"mobile": "+86 137 1234 5678", "content": "您的订单已发货。"}


def test_send_and_look(ihuyi_outbox: Outbox, caller: Caller) -> None:
    caller.allow("view_unmasked")
    answer = caller.post("messages/", {**GOOD, "metadata": {"order": 7}})
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert [sent.mobile for sent in ihuyi_outbox] == [MOBILE]
    row = caller.get(f"messages/{answer.json()['id']}/").json()
    assert (row["mobile"], row["content"], row["metadata"]) == (MOBILE, GOOD["content"], {"order": 7})
    assert (row["status"], row["code"], bool(row["meaning"]), bool(row["smsid"])) == ("accepted", 2, True, True)


def test_what_a_message_costs(caller: Caller) -> None:
    """The caller's session, user and permissions, the message, and with a key the key."""
    counts = []
    for headers in ({}, {"Idempotency_Key": "order-7"}):
        with CaptureQueriesContext(connection) as queries:
            caller.post("messages/", GOOD, **headers)
        counts.append(len([one for one in queries if "SAVEPOINT" not in one["sql"]]))
    assert counts == [5, 6]


def test_templates_and_times(caller: Caller) -> None:
    send_at = timezone.now() + timedelta(hours=1)
    body = {"mobile": MOBILE, "template": "1", "params": ["1234"], "send_at": send_at.isoformat()}
    assert caller.post("messages/", body).status_code == 202
    row = Message.objects.get()
    assert (row.template, row.content, row.send_at) == ("1", "1234", send_at)


def test_numbers_and_texts_are_masked(caller: Caller) -> None:
    row = caller.post("messages/", {**GOOD, "metadata": {"who": "x"}}).json()
    assert (row["mobile"], row["content"], row["metadata"]) == ("137******78", "••••••••", None)
    Message.objects.update(receipt_msg=f"FAILED {MOBILE}")
    assert caller.get(f"messages/{row['id']}/").json()["receipt_msg"] == "FAILED 137******78"
    caller.post("messages/", {"mobile": MOBILE, "content": "验证码 4821", "category": "verification"})
    caller.allow("view_unmasked")
    newest, first = Caller("view_message", "view_unmasked", name="all").get("messages/").json()["results"]
    assert (newest["mobile"], newest["content"]) == (MOBILE, "••••••••")
    assert (first["content"], first["receipt_msg"]) == (GOOD["content"], f"FAILED {MOBILE}")


@pytest.mark.parametrize("permissions", [(), ("view_unmasked",)], ids=["masked", "whole"])
def test_a_number_that_is_kept_hashed_is_found_and_shown_by_its_mask(caller: Caller, permissions: tuple[str]) -> None:
    pk = caller.post("messages/", GOOD).json()["id"]
    Message.objects.update(mobile=hash_mobile(MOBILE))
    [row] = Caller("view_message", *permissions, name="reader").get(f"messages/?mobile={MOBILE}").json()["results"]
    assert (row["id"], row["mobile"]) == (pk, "137******78")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"mobile": "010-12345678"}, 406),
        ({"content": "  "}, 404),
        ({"content": "😀"}, 4074),
        ({"content": "好" * 301}, 4073),
        ({"content": None}, None),
        ({"template": "1"}, None),
        ({"params": ["x"]}, None),
        ({"category": "spam"}, None),
        ({"account": "nobody"}, None),
        ({"expires_at": "2001-01-01T00:00:00Z"}, None),
        ({"expires_at": (timezone.now() - timedelta(hours=1)).isoformat()}, None),
        ({"send_at": "9999-12-31T23:59:59Z"}, None),
        ({"send_at": "tomorrow"}, None),
        ({"metadata": {"x": "\0"}}, None),
        ({"metadata": {"x": "\ud800"}}, None),
        ({"metadata": {"x": "x" * 5000}}, None),
        ({"metadata": []}, None),
        ({"content": "\0"}, None),
        ({"content": 7}, None),
        ({"mobile": 13712345678}, None),
    ],
    ids=[
        *("no mobile", "empty", "emoji", "too long", "null", "template too", "params", "category", "account"),
        *(
            "expires long ago",
            "expired",
            "send at",
            "no time",
            "nul",
            "surrogate",
            "large",
            "a list",
            "nul in the text",
            "content no text",
            "mobile no text",
        ),
    ],
)
def test_wrong_input(caller: Caller, changes: dict[str, Any], code: int | None) -> None:
    answer = caller.post("messages/", {**GOOD, **changes})
    problem = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert problem["status"] == answer.status_code == (422 if code else 400)
    assert problem.get("code") == code
    assert bool(problem.get("meaning" if code else "errors"))
    assert not Message.objects.exists()


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b'"x"'])
def test_no_object(caller: Caller, body: bytes) -> None:
    assert caller.post("messages/", body).status_code == 400


def test_params_of_a_wrong_form(caller: Caller) -> None:
    for params in ("x", [["x"]], {"a": None}):
        assert caller.post("messages/", {"mobile": MOBILE, "template": "1", "params": params}).status_code == 400


@pytest.mark.parametrize(
    "metadata", [{"😀": "𠮷"}, {"path": "C:\\u0000"}, {"x": "好" * 4000}], ids=["astral", "no nul", "long"]
)
def test_metadata(caller: Caller, metadata: dict[str, Any]) -> None:
    assert caller.post("messages/", {**GOOD, "metadata": metadata}).status_code == 202
    assert Message.objects.get().metadata == metadata


@pytest.mark.parametrize(
    "query",
    ["created_from=0001-01-01T00:00:00Z", "created_until=9999-12-31T23:59:59.999Z", "created_from=2020-02-02T02:02"],
)
def test_times_that_are_far_away(caller: Caller, query: str) -> None:
    Message.objects.create(mobile=MOBILE, content="您好")
    assert len(caller.get(f"messages/?{query}").json()["results"]) == 1


def test_cancel(caller: Caller) -> None:
    row = Message.objects.create(mobile=MOBILE, content="您好")
    assert caller.post(f"messages/{row.pk}/cancel/").json()["status"] == "cancelled"
    again = caller.post(f"messages/{row.pk}/cancel/")
    assert (again.status_code, "cancelled" in again.json()["detail"]) == (409, True)
    assert caller.post("messages/999999999999999999999/cancel/").status_code == 404


def test_the_same_key(caller: Caller) -> None:
    first = caller.post("messages/", GOOD, Idempotency_Key="order-7")
    assert caller.post("messages/", GOOD, Idempotency_Key="order-7").json() == first.json()
    other = caller.post("messages/", {**GOOD, "content": "别的"}, Idempotency_Key="order-7")
    assert (other.status_code, other.json()["type"]) == (409, "urn:django-ihuyi:idempotency-key-reused")
    somebody = Caller("add_message", name="somebody")
    assert somebody.post("messages/", GOOD, Idempotency_Key="order-7").json()["id"] != first.json()["id"]
    assert Message.objects.count() == 2
    for key in ("", "x" * 256, "é"):
        assert caller.post("messages/", GOOD, Idempotency_Key=key).status_code == 400


def test_the_same_key_at_another_address(caller: Caller) -> None:
    both = {**GOOD, "messages": [{"mobile": MOBILE}]}
    assert caller.post("messages/", both, Idempotency_Key="order-7").status_code == 202
    assert caller.post("messages/bulk/", both, Idempotency_Key="order-7").status_code == 409


def test_a_key_is_free_again_after_a_refusal(caller: Caller) -> None:
    assert caller.post("messages/", {**GOOD, "mobile": "1"}, Idempotency_Key="order-7").status_code == 422
    assert caller.post("messages/", GOOD, Idempotency_Key="order-7").status_code == 202


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_the_same_moment(settings: Settings) -> None:
    caller = Caller("add_message")
    calls = [lambda: caller.post("messages/", GOOD, Idempotency_Key="order-7")] * 3
    found = run_concurrently(*calls)
    assert {answer.status_code for answer in found} == {202}
    assert len({answer.json()["id"] for answer in found}) == Message.objects.count() == 1


def test_old_keys_are_forgotten(db: None) -> None:
    now = timezone.now()
    ApiCall.objects.create(key="1", fingerprint="x", created_at=now - timedelta(days=8))
    kept = ApiCall.objects.create(key="2", fingerprint="x")
    assert [ApiCall.objects.forget(now, most=5).changed for _sweep in range(2)] == [1, 0]
    assert str(ApiCall.objects.get()) == f"API call {kept.pk}"


def test_many(caller: Caller) -> None:
    rows = [{"mobile": MOBILE}, {"mobile": "010"}, {"mobile": "13712345679", "content": "别的", "metadata": {"a": 1}}]
    body = {"content": "您好", "category": "marketing", "messages": rows}
    first = caller.post("messages/bulk/", body, Idempotency_Key="campaign")
    assert (first.status_code, first.json()["recorded"]) == (202, 2)
    [refused] = first.json()["refused"]
    assert (refused["index"], refused["code"], bool(refused["meaning"])) == (1, 406, True)
    assert caller.post("messages/bulk/", body, Idempotency_Key="campaign").json() == first.json()
    assert caller.post("messages/bulk/", {**body, "content": "x"}, Idempotency_Key="campaign").status_code == 409
    batch = caller.get(f"batches/{first.json()['batch']}/").json()
    assert (batch["by_status"], batch["recorded"], batch["refused"]) == ({"queued": 2}, 2, 1)
    assert Message.objects.count() == 2


@pytest.mark.parametrize(
    "rows",
    [
        *(
            "x",
            [],
            [7],
            [{}],
            [{"mobile": 7}],
            [{"mobile": MOBILE, "content": 7}],
            [{"mobile": MOBILE, "send_at": "x"}],
        ),
        *([{"mobile": MOBILE, "params": [[]]}], [{"mobile": MOBILE, "metadata": 7}], [{"mobile": MOBILE}] * 10_001),
        [{"mobile": MOBILE, "params": ["x"]}],
        [{"mobile": MOBILE, "content": "您好", "params": ["x"]}],
    ],
    ids=lambda rows: repr(rows)[:40],
)
def test_many_of_a_wrong_form(caller: Caller, rows: object) -> None:
    answer = caller.post("messages/bulk/", {"content": "您好", "messages": rows})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["messages"])
    assert not Batch.objects.exists()


def test_many_with_a_template(caller: Caller) -> None:
    rows = [{"mobile": MOBILE, "params": ["1"]}, {"mobile": "13712345679", "content": "您好"}]
    assert caller.post("messages/bulk/", {"template": "1", "messages": rows}).json()["recorded"] == 2
    assert [row.content for row in Message.objects.order_by("pk")] == ["1", "您好"]


def test_a_large_batch_is_counted_up_to_a_number(caller: Caller) -> None:
    batch = Batch.objects.create(category="marketing", account="default", recorded=3)
    for _ in range(3):
        Message.objects.create(mobile=MOBILE, content="您好", batch=batch)
    counted = answers.batch(batch, counted_to=2)
    assert (counted["by_status"], counted["counted_to"]) == ({"queued": 2}, 2)
    # The API counts up to so many.
    assert caller.get(f"batches/{batch.pk}/").json()["counted_to"] == 10_000
    Batch.objects.update(recorded=10_001)
    with CaptureQueriesContext(connection) as queries:
        caller.get(f"batches/{batch.pk}/")
    assert sum("LIMIT 10000" in one["sql"] for one in queries) == len(Message.Status)


def test_no_page_is_longer_than_allowed(caller: Caller) -> None:
    Message.objects.bulk_create(Message(mobile=MOBILE, content="您好") for _ in range(501))
    assert len(caller.get("messages/?limit=501").json()["results"]) == 500


def test_pages(caller: Caller) -> None:
    pks = [Message.objects.create(mobile=MOBILE, content="您好").pk for _ in range(5)]
    seen, path, pages = [], "messages/?limit=2&status=queued", 0
    while path:
        answer = caller.get(path).json()
        seen += [row["id"] for row in answer["results"]]
        path, pages = answer["next"], pages + 1
    assert (seen, pages) == (pks[::-1], 3)


def test_a_page_costs_the_same_however_many_there_are(caller: Caller) -> None:
    counts = []
    for _ in range(2):
        for _ in range(3):
            Message.objects.create(mobile=MOBILE, content="您好")
        with CaptureQueriesContext(connection) as queries:
            caller.get("messages/?limit=500")
        counts.append(len(queries))
        assert not any("COUNT(" in one["sql"] or "OFFSET" in one["sql"] for one in queries)
    assert counts[0] == counts[1] <= 5


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=cancelled", [1]),
        ("category=marketing", [2]),
        ("mobile=137-1234-5679", [3]),
        ("created_until=2026-01-01T00:00:00Z", [4]),
        ("created_from=2026-01-01T00:00:00Z", [3, 2, 1, 0]),
        ("status=queued&category=marketing", [2]),
    ],
)
def test_filters(caller: Caller, query: str, found: list[int]) -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"status": "cancelled"},
        {"category": "marketing"},
        {"mobile": "13712345679"},
        {"created_at": timezone.now().replace(year=2025)},
    ]
    pks = [Message.objects.create(**{"mobile": MOBILE, "content": "您好", **change}).pk for change in changes]
    rows = caller.get(f"messages/?{query}").json()["results"]
    assert [pks.index(row["id"]) for row in rows] == found


@pytest.mark.parametrize(
    "query",
    [
        "status=x",
        "limit=0",
        "before=x",
        "created_from=x",
        "colour=red",
        "batch=-1",
        f"batch={2**63}",
        f"before={2**63}",
        "limit=1&limit=2",
    ],
)
def test_wrong_filters(caller: Caller, query: str) -> None:
    answer = caller.get(f"messages/?{query}")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [query.partition("=")[0]])


@pytest.mark.parametrize("path", ["messages/", "replies/", "optouts/"])
def test_a_filter_by_what_is_no_number(caller: Caller, path: str) -> None:
    answer = caller.get(f"{path}?mobile=1")
    assert (answer.status_code, answer.json()["code"]) == (422, 406)


def test_a_batch_of_its_own(settings: Settings, caller: Caller) -> None:
    open_api(settings)
    batch = Batch.objects.create(category="marketing", account="default")
    Message.objects.create(mobile=MOBILE, content="您好", batch=batch)
    Message.objects.create(mobile=MOBILE, content="您好")
    assert len(caller.get(f"messages/?batch={batch.pk}").json()["results"]) == 1
