"""What the wire can do to a call: whether the message can have gone out is told right, and nothing secret is told."""

from __future__ import annotations

import contextlib
import copy
import gzip
import logging
import pickle
import socket
import ssl
import time
import traceback
from collections.abc import Callable, Iterator

import pytest
import requests
import responses
from django.views.debug import ExceptionReporter
from requests.adapters import HTTPAdapter

from django_ihuyi.gateway import Client, GatewayError, NotSent, Uncertain, transport

from .conftest import LOOPBACK_PEM
from .secret_values import CONTENT, KEY, MOBILE, SECRETS
from .socket_server import ACCEPTED, Behaviour, Request, StandIn, answers, drips, hangs, http, resets, sends

Start = Callable[..., StandIn]


def failure(url: str, timeout: tuple[float, float] | float = 5) -> GatewayError:
    """Submit, and return the error it ends in, checked for secrets with all that can be told of it."""
    with pytest.raises(GatewayError) as caught:
        Client("cf_test", KEY, base_url=url, timeout=timeout).submit(MOBILE, CONTENT)
    error = caught.value
    assert (error.__cause__, error.__context__) == (None, None)
    page = ExceptionReporter(None, caught.type, error, caught.tb).get_traceback_html()
    told = "\n".join([str(error), repr(error), *traceback.format_exception(error, chain=True), page])
    for secret in SECRETS:
        assert secret not in told
    for same in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (type(same), str(same)) == (type(error), str(error))
    return error


@pytest.fixture(autouse=True)
def _silent_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG):
        yield
    for secret in SECRETS:
        assert secret not in caplog.text


HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
BOMB = gzip.compress(b'{"code":2,"msg":"' + b"a" * 50_000_000 + b'"}')


@pytest.mark.parametrize(
    ("behave", "words"),
    [
        (resets, "broke before the answer was complete"),
        (sends(b""), "broke before the answer was complete"),
        (sends(b"SSH-2.0-OpenSSH_9.6\r\n"), "broke before the answer was complete"),
        (sends(b"HTTP/1.1 200 OK\r\nContent-Le"), "cannot be read"),
        (sends(http()[:-10]), "broke before the answer was complete"),
        (
            sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1f\r\n{"),
            "broke before the answer was complete",
        ),
        (
            sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{"),
            "broke before the answer was complete",
        ),
        (sends(b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n{}"), "broke before the answer was complete"),
        (answers(b"", "302 Found", "Location: /elsewhere"), "HTTP status 302"),
        (sends(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 9\r\n\r\n"), "HTTP status 302"),
        (answers(b"", "307 Temporary Redirect", "Location: /elsewhere"), "HTTP status 307"),
        (answers(b"not here", "404 Not Found"), "HTTP status 404"),
        (answers(ACCEPTED, "500 Internal Server Error"), "HTTP status 500"),
        (answers(HTML, "502 Bad Gateway"), "HTTP status 502"),
        (answers(HTML), "cannot be read"),
        (answers(b""), "cannot be read"),
        (answers(b'{"code":2,"msg":"' + b"a" * 100_000 + b'"}'), "longer than 64 KiB"),
        (answers(BOMB, "200 OK", "Content-Encoding: gzip"), "longer than 64 KiB"),
        (answers(ACCEPTED, "200 OK", "Content-Encoding: gzip"), "broke before the answer was complete"),
    ],
    ids=[
        "reset after reading",
        "close without an answer",
        "another protocol",
        "half a head",
        "half an answer",
        "half a chunk",
        "no chunk",
        "two lengths",
        "302",
        "302 with half a body",
        "307",
        "404",
        "500 with an accepted answer",
        "502 in html",
        "200 in html",
        "200 and empty",
        "100 KiB",
        "gzip bomb",
        "not gzip",
    ],
)
def test_no_answer_after_writing_is_uncertain(stand_in: Start, behave: Behaviour, words: str) -> None:
    server = stand_in(behave)
    error = failure(server.url)
    assert type(error) is Uncertain
    assert not error.retryable
    assert len(server.requests) == 1
    with pytest.raises(Uncertain, match=words):
        raise error


def test_reset_before_the_body_is_read_is_uncertain(stand_in: Start) -> None:
    server = stand_in(resets, reads="head")
    assert type(failure(server.url)) is Uncertain


def test_read_time_out(stand_in: Start) -> None:
    server = stand_in(hangs)
    error = failure(server.url, timeout=(1, 0.2))
    assert type(error) is Uncertain
    assert str(error) == "no complete answer from 127.0.0.1 in time (read time-out 0.2 s)"


@pytest.mark.parametrize(
    "data",
    [http(), b"HTTP/1.1 100 Continue\r\n\r\n" * 20, http(b" " * 500)],
    ids=["head", "nothing but continue", "long answer"],
)
def test_an_answer_that_drips_in_ends_with_the_call(stand_in: Start, data: bytes) -> None:
    server = stand_in(drips(data, 0.05))
    client = Client("cf_test", KEY, base_url=server.url, timeout=(0.2, 0.2))
    started = time.monotonic()
    error = failure(server.url, timeout=client.timeout)
    assert type(error) is Uncertain
    assert "in time" in str(error)
    assert client.longest_call - 0.1 < time.monotonic() - started < client.longest_call + 2


def test_a_body_that_drips_in_ends_with_the_call(stand_in: Start) -> None:
    head, _, body = http(b" " * 500).partition(b"\r\n\r\n")

    def behave(conn: socket.socket, request: Request) -> bool:
        conn.sendall(head + b"\r\n\r\n")
        return drips(body, 0.05)(conn, request)

    server = stand_in(behave)
    started = time.monotonic()
    assert "in time" in str(failure(server.url, timeout=(0.2, 0.2)))
    assert time.monotonic() - started < 2.6


def test_refused_connection(refusing_port: int) -> None:
    error = failure(f"http://127.0.0.1:{refusing_port}/sms.php")
    assert type(error) is NotSent
    assert error.retryable
    assert str(error) == "no connection to 127.0.0.1: it was refused, or there is no way there"


@pytest.mark.parametrize(
    "ask",
    [Client.get_balance, lambda client: client.add_template(CONTENT), lambda client: client.submit(MOBILE, CONTENT)],
    ids=["get_balance", "add_template", "submit"],
)
@pytest.mark.parametrize("dynamic_password", [True, False], ids=["dynamic password", "plain key"])
def test_no_method_tells_secrets(stand_in: Start, ask: Callable[[Client], object], dynamic_password: bool) -> None:
    server = stand_in(answers(b"", "404 Not Found"))
    client = Client("cf_test", KEY, base_url=server.url, dynamic_password=dynamic_password)
    with pytest.raises(Uncertain) as caught:
        ask(client)
    page = ExceptionReporter(None, caught.type, caught.value, caught.tb).get_traceback_html()
    for secret in (*SECRETS, server.requests[0].form["password"]):
        assert secret not in page


def test_connect_time_out() -> None:
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = listener.getsockname()[1]
        for _ in range(3):  # a full queue: further connections get no answer at all
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        time.sleep(0.05)
        error = failure(f"http://127.0.0.1:{port}/sms.php", timeout=(0.2, 5))
    assert type(error) is NotSent
    assert str(error) == "no connection to 127.0.0.1 within 0.2 s"


def test_a_name_that_cannot_be_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_name(*_args: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    error = failure("https://gateway.invalid/sms.php")
    assert (type(error), str(error)) == (NotSent, "the name gateway.invalid cannot be resolved")


def test_a_name_resolved_too_late_is_not_sent(stand_in: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = stand_in(answers())
    resolve = socket.getaddrinfo

    def slow(*args: object, **kwargs: object) -> object:
        time.sleep(0.5)
        return resolve(*args, **kwargs)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    error = failure(server.url, timeout=(0.2, 0.2))
    assert (type(error), str(error)) == (NotSent, "no connection to 127.0.0.1 within 0.2 s")
    server.close()
    assert server.requests == []


@pytest.mark.parametrize("bundle", [None, str(LOOPBACK_PEM)], ids=["not trusted", "for another name"])
def test_a_certificate_that_is_not_right(
    stand_in: Start, server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, bundle: str | None
) -> None:
    if bundle:
        monkeypatch.setenv("SSL_CERT_FILE", bundle)
    server = stand_in(answers(), tls=server_tls)
    error = failure(server.url)
    assert type(error) is NotSent
    assert "no TLS connection to 127.0.0.1" in str(error)
    assert server.requests == []


def test_a_server_without_tls(stand_in: Start) -> None:
    server = stand_in(sends(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    error = failure(server.url.replace("http:", "https:"), timeout=(0.3, 0.3))
    assert type(error) is NotSent


def test_a_missing_bundle_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    error = failure("https://127.0.0.1:9/sms.php")
    assert type(error) is NotSent
    assert str(error) == "the environment variable REQUESTS_CA_BUNDLE names a file that does not exist"


@pytest.mark.parametrize(
    ("last_words", "told"),
    [
        (http(b"", "408 Request Timeout"), "127.0.0.1 closed the connection before the message was written"),
        (b"", "the connection to 127.0.0.1 broke before the message was written"),
    ],
    ids=["with an answer", "without an answer"],
)
def test_a_head_that_cannot_be_written_is_not_sent(stand_in: Start, last_words: bytes, told: str) -> None:
    def behave(conn: socket.socket, _request: Request) -> bool:
        conn.sendall(http())
        conn.recv(1)  # the end of the client's side
        time.sleep(0.2)
        conn.sendall(last_words)
        return False

    server = stand_in(behave)
    Client("cf_test", KEY, base_url=server.url).submit(MOBILE, CONTENT)
    _idle_socket(server.url).shutdown(socket.SHUT_WR)
    error = failure(server.url)
    assert (type(error), str(error)) == (NotSent, told)


def _idle_socket(url: str) -> socket.socket:
    (session,) = transport._sessions.values()
    adapter = session.get_adapter(url)
    assert isinstance(adapter, HTTPAdapter)
    pools = adapter.poolmanager.pools
    (key,) = pools.keys()
    pool = pools[key].pool
    assert pool is not None
    sock = pool.queue[-1].sock
    assert isinstance(sock, socket.socket)
    return sock


@pytest.mark.parametrize(
    ("fake", "kind"),
    [
        ({"body": requests.ConnectTimeout()}, NotSent),
        ({"body": requests.ReadTimeout()}, Uncertain),
        ({"body": requests.ConnectionError()}, Uncertain),
        ({"status": 502, "body": b"Bad Gateway"}, Uncertain),
    ],
    ids=["connect time-out", "read time-out", "connection error", "502"],
)
def test_under_another_adapter_the_doubt_stays(fake: dict[str, object], kind: type[GatewayError]) -> None:
    with responses.RequestsMock() as mock:
        mock.add(responses.POST, "https://106.ihuyi.com/webservice/sms.php", **fake)  # type: ignore[arg-type]  # a table
        assert type(failure("https://106.ihuyi.com/webservice/sms.php")) is kind
