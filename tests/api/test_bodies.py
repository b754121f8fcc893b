"""Bodies that are too large, too deep or no JSON: a problem with a clear text, nothing recorded, and never a 500."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.urls import resolve

from django_ihuyi.api import parsers
from django_ihuyi.api.base import Endpoint
from django_ihuyi.api.problem_details import TooLarge
from django_ihuyi.models import Batch, Message, OptOut
from django_ihuyi.models.metadata import MAX_LENGTH, MAX_LEVELS
from tests.bad_metadata import nested

from .conftest import API, MOBILE, Caller

pytestmark = pytest.mark.django_db

DEEP = {levels: b'{"a":' * levels + b"1" + b"}" * levels for levels in (50, 900, 1900)}
VALUES: dict[str, tuple[bytes, str]] = {
    "a float that is too large": (b"1e999", "A number of the body is too large, or NaN or Infinity."),
    "a negative one": (b"-1e999", "A number of the body is too large, or NaN or Infinity."),
    "Infinity": (b"Infinity", "A number of the body is too large, or NaN or Infinity."),
    "NaN": (b"NaN", "A number of the body is too large, or NaN or Infinity."),
    "an integer that is too large": (b"9" * 5000, "A number of the body is too large, or NaN or Infinity."),
    "a large one": (b"-" + b"9" * 309, "A number of the body is too large, or NaN or Infinity."),
    "50 levels": (DEEP[50], "The body is nested more than 23 levels deep."),
    "900 levels": (DEEP[900], "The body is nested more than 23 levels deep."),
    "1,900 levels": (DEEP[1900], "The body is nested more than 23 levels deep."),
    "100,000 brackets": (b"[" * 100_000 + b"]" * 100_000, "The body is nested more than 23 levels deep."),
    "one name twice": (b'{"a": 1, "a": 2}', "An object of the body has two members of the same name."),
    "no JSON": (b"{", "The body is not JSON: "),
    "another encoding": ("好".encode("gbk"), "The body is not JSON: "),
}
PLACES: dict[str, tuple[str, bytes]] = {
    "a field that nobody reads": ("messages/", b'{"mobile":"13712345678","content":"x","other":%s}'),
    "metadata": ("messages/", b'{"mobile":"13712345678","content":"x","metadata":{"a":%s}}'),
    "params": ("messages/", b'{"mobile":"13712345678","template":"1","params":[%s]}'),
    "metadata of one of many": (
        "messages/bulk/",
        b'{"content":"x","messages":[{"mobile":"13712345678"},{"mobile":"13712345679","metadata":{"a":%s}}]}',
    ),
    "a captcha": ("verifications/", b'{"mobile":"13712345678","purpose":"sign-up","captcha":%s}'),
    "a check": ("verifications/check/", b'{"mobile":"13712345678","purpose":"sign-up","code":"1","other":%s}'),
    "an opt-out": ("optouts/", b'{"mobile":"13712345678","other":%s}'),
    "the body": ("messages/", b"%s"),
}


@pytest.mark.parametrize(("path", "around"), PLACES.values(), ids=PLACES)
@pytest.mark.parametrize(("value", "says"), VALUES.values(), ids=VALUES)
def test_body__that_cannot_be_kept__is_refused_with_a_clear_text(
    value: bytes, says: str, path: str, around: bytes, caller: Caller
) -> None:
    answer = caller.post(path, around.replace(b"%s", value), Idempotency_Key="k")
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (400, "urn:django-ihuyi:parse-error")
    assert problem["detail"].startswith(says)
    assert [model.objects.count() for model in (Message, Batch, OptOut)] == [0, 0, 0]


METADATA: dict[str, tuple[dict[str, Any], bool]] = {
    "numbers": ({"a": 1.5, "b": -7, "c": 1e-300, "d": 10**300}, True),
    "the deepest": (nested(MAX_LEVELS), True),
    "a level too many": (nested(MAX_LEVELS + 1), False),
    "the longest": ({"a": "x" * (MAX_LENGTH - 9)}, True),
    "a character too many": ({"a": "x" * (MAX_LENGTH - 8)}, False),
    "NUL": ({"a\0": 1}, False),
    "half of a surrogate pair": ({"a": ["\ud83d"]}, False),
}


@pytest.mark.parametrize(("metadata", "right"), METADATA.values(), ids=METADATA)
def test_metadata__of_one_and_of_many__has_the_limits_of_send_sms(
    metadata: dict[str, Any], right: bool, caller: Caller
) -> None:
    one = {"mobile": MOBILE, "content": "您好", "metadata": metadata}
    for path, body in (("messages/", one), ("messages/bulk/", {"messages": [one]})):
        answer = caller.post(path, body)
        assert answer.status_code == (202 if right else 400)
        told = json.dumps(answer.json())
        limits = ("an object of up to 4096 characters of JSON and 20 levels.", "more than 23 levels deep.")
        assert any(limit in told for limit in limits) is not right
    assert [row.metadata for row in Message.objects.all()] == [metadata] * 2 * right


def padded(body: dict[str, Any], size: int) -> bytes:
    """A body with white space behind it."""
    return json.dumps(body).encode().ljust(size)


SIZES: dict[str, tuple[str, Callable[[], dict[str, Any]], int]] = {
    "a message": ("messages/", lambda: {"mobile": MOBILE, "content": "您好"}, parsers.MAX_BODY),
    "many": ("messages/bulk/", lambda: {"content": "您好", "messages": [{"mobile": MOBILE}]}, parsers.MAX_BULK_BODY),
    "an opt-out": ("optouts/", lambda: {"mobile": MOBILE}, parsers.MAX_BODY),
    "a code": ("verifications/", lambda: {"mobile": MOBILE, "purpose": "sign-up"}, parsers.MAX_BODY),
}


@pytest.mark.parametrize(("path", "make", "largest"), SIZES.values(), ids=SIZES)
def test_body__of_too_many_bytes__is_refused(
    path: str, make: Callable[[], dict[str, Any]], largest: int, caller: Caller
) -> None:
    refused = caller.post(path, padded(make(), largest + 1))
    problem = refused.json()
    assert (refused.status_code, problem["type"], problem["status"]) == (413, "urn:django-ihuyi:too-large", 413)
    assert problem["detail"] == f"The body is larger than {largest} bytes."
    assert [model.objects.count() for model in (Message, Batch, OptOut)] == [0, 0, 0]
    assert caller.post(path, padded(make(), largest)).status_code in {201, 202}


def test_body__that_is_declared_too_large__is_not_read(caller: Caller) -> None:
    class Unread:
        def read(self, *_size: int) -> bytes:
            raise AssertionError("It is read.")

        readline = read

    answer = caller.client.post(
        f"{API}messages/",
        content_type="application/json",
        **{"wsgi.input": Unread(), "CONTENT_LENGTH": str(parsers.MAX_BODY + 1)},  # type: ignore[arg-type]  # WSGI's own
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("declared", ["", "2", "x"])
def test_body__that_is_longer_than_declared__is_refused(declared: str) -> None:
    context = {"view": Endpoint(), "request": RequestFactory().post("/", CONTENT_LENGTH=declared)}
    with pytest.raises(TooLarge):
        parsers.BodyParser().parse(io.BytesIO(padded({}, parsers.MAX_BODY + 1)), parser_context=context)
    assert parsers.BodyParser().parse(io.BytesIO(padded({}, parsers.MAX_BODY)), parser_context=context) == {}


@pytest.mark.parametrize(
    ("size", "status"),
    [(100, 202), (parsers.MAX_BODY, 202), (parsers.MAX_BODY + 1, 413)],
    ids=["small", "large", "over"],
)
def test_body__in_chunks_of_a_session_under_asgi__is_read(size: int, status: int, caller: Caller) -> None:
    """DRF reads it once to look for the CSRF token of a form."""
    token = "x" * 32
    headers = {"content-type": "application/json", "transfer-encoding": "chunked", "x-csrftoken": token}
    scope = {
        "type": "http",
        "method": "POST",
        "path": f"{API}messages/",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    request = ASGIRequest(scope, io.BytesIO(padded({"mobile": MOBILE, "content": "您好"}, size)))
    request.COOKIES["csrftoken"], request.user = token, caller.user
    view = resolve(request.path)
    assert view.func(request, *view.args, **view.kwargs).status_code == status


@pytest.mark.parametrize("charset", ["hex", "rot13", "idna", "utf-7", "utf-16"])
def test_body__of_a_charset_that_it_is_not_in__is_refused(charset: str, caller: Caller) -> None:
    body = b'{"mobile":"13712345678","content":"\xe6\x82\xa8+AAA\xff"}'
    answer = caller.client.generic("POST", f"{API}messages/", body, content_type=f"application/json; charset={charset}")
    assert answer.status_code == 400


def test_largest_bodies__are_enough_for_the_longest_fields(caller: Caller) -> None:
    body = {"mobile": MOBILE, "content": "好" * 300, "metadata": {"a": "𠮷" * (MAX_LENGTH - 9)}}
    assert len(json.dumps({**body, "content": "好" * 2000})) < parsers.MAX_BODY / 2
    assert caller.post("messages/", body).status_code == 202
    rows = [{"mobile": f"139{number:08}", "content": "好" * 70, "metadata": {"order": number}} for number in range(10)]
    assert len(json.dumps(rows)) * 1000 < parsers.MAX_BULK_BODY


@pytest.mark.django_db(transaction=True)
def test_bulk__that_the_database_fails__ends_and_says_so() -> None:
    caller = Caller("add_message", "view_batch")
    caller.client = Client(raise_request_exception=False)
    caller.client.force_login(caller.user, backend="django.contrib.auth.backends.ModelBackend")
    body = {"content": "您好", "messages": [{"mobile": MOBILE}]}

    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT INTO") and "django_ihuyi_message" in sql:
            raise OperationalError(MOBILE)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        assert caller.post("messages/bulk/", body, Idempotency_Key="k").status_code == 500
    batch = caller.get(f"batches/{Batch.objects.get().pk}/").json()
    assert (batch["error"], batch["finished_at"] is None, batch["recorded"]) == ("OperationalError", False, 0)
    again = caller.post("messages/bulk/", body, Idempotency_Key="k").json()
    assert (again["batch"], again["recorded"]) == (batch["id"], 1)
    batch = caller.get(f"batches/{batch['id']}/").json()
    assert (batch["error"], batch["finished_at"] is None, batch["recorded"]) == ("", False, 1)


def test_bulk__with_more_than_a_thousand_refused__counts_the_others(caller: Caller) -> None:
    body = {"content": "您好", "messages": [{"mobile": "1"}] * 1200 + [{"mobile": MOBILE}]}
    answer = caller.post("messages/bulk/", body).json()
    assert (answer["recorded"], answer["refused_count"], len(answer["refused"])) == (1, 1200, 1000)
