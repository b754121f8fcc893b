"""Bodies sent in chunks, without a length, to real web servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.pushes.push_client import FORM, MULTIPART, RECEIPT, REPLY, REVIEW, multipart, url

from .web_servers import AUTHORIZATION, WebServer, serve

pytestmark = pytest.mark.e2e

JSON = "application/json"
MESSAGES = "/ihuyi/api/v1/messages/"


@pytest.fixture(scope="module")
def uvicorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    with serve("uvicorn", tmp_path_factory.mktemp("uvicorn")) as server:
        yield server


@pytest.fixture(scope="module")
def gunicorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    with serve("gunicorn", tmp_path_factory.mktemp("gunicorn")) as server:
        yield server


PUSHES = {
    "receipt": ("receipt", urlencode(RECEIPT).encode(), FORM),
    "receipt in JSON": ("receipt", json.dumps(RECEIPT).encode(), JSON),
    "receipt in multipart": ("receipt", multipart(RECEIPT), MULTIPART),
    "reply": ("reply", urlencode(REPLY).encode(), FORM),
    "review": ("template", urlencode(REVIEW).encode(), FORM),
}


@pytest.mark.parametrize(("kind", "body", "content_type"), PUSHES.values(), ids=PUSHES)
def test_a_push__in_chunks__is_taken_under_asgi_and_wants_a_length_under_wsgi(
    uvicorn: WebServer, gunicorn: WebServer, kind: str, body: bytes, content_type: str
) -> None:
    for chunked in (True, False):
        answer = uvicorn.request("POST", url(kind), body, {"Content-Type": content_type}, chunked=chunked)
        assert (answer.status, answer.body) == (200, "success")
    refused = gunicorn.request("POST", url(kind), body, {"Content-Type": content_type}, chunked=True)
    assert (refused.status, refused.body) == (411, "The body has no Content-Length.")
    assert gunicorn.request("POST", url(kind), body, {"Content-Type": content_type}).body == "success"


@pytest.mark.parametrize(
    ("size", "status"), [(0, 400), (64 * 1024, 400), (64 * 1024 + 1, 413), (3_000_000, 413)], ids=str
)
def test_a_push__of_any_size_in_chunks__is_refused_as_one_with_a_length(
    uvicorn: WebServer, size: int, status: int
) -> None:
    for chunked in (True, False):
        answer = uvicorn.request("POST", url("receipt"), b"a" * size, {"Content-Type": FORM}, chunked=chunked)
        assert answer.status == status


def test_a_request_to_the_api__in_chunks__is_taken_under_asgi_and_wants_a_length_under_wsgi(
    uvicorn: WebServer, gunicorn: WebServer
) -> None:
    body = json.dumps({"mobile": "13800138000", "content": "您的订单已发货"}).encode()
    headers = {"Content-Type": JSON, "Authorization": AUTHORIZATION}
    for chunked in (True, False):
        assert uvicorn.request("POST", MESSAGES, body, headers, chunked=chunked).status == 202
    refused = gunicorn.request("POST", MESSAGES, body, headers, chunked=True)
    assert (refused.status, json.loads(refused.body)["type"]) == (411, "urn:django-ihuyi:length-required")
    assert gunicorn.request("POST", MESSAGES, body, headers).status == 202


def test_a_request_to_the_api__too_large_in_chunks__is_refused(uvicorn: WebServer) -> None:
    headers = {"Content-Type": JSON, "Authorization": AUTHORIZATION}
    answer = uvicorn.request("POST", MESSAGES, b"[" * 3_000_000, headers, chunked=True)
    assert (answer.status, json.loads(answer.body)["type"]) == (413, "urn:django-ihuyi:too-large")


def test_a_stranger__with_a_body_in_chunks__is_asked_who_it_is_first(uvicorn: WebServer, gunicorn: WebServer) -> None:
    headers = {"Content-Type": JSON}
    for server in (uvicorn, gunicorn):
        for path, status in ((MESSAGES, 401), (url("receipt", "wrong" * 5), 404)):
            assert server.request("POST", path, b"{}", headers, chunked=True).status == status
