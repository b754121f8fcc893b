"""The pool: kept connections, threads, forks, proxies, certificates, and what is never taken from the environment."""

from __future__ import annotations

import gzip
import http.client
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import responses
from urllib3.exceptions import NewConnectionError

from django_ihuyi.gateway import Client, NotSent, Uncertain, transport

from .conftest import LOOPBACK_PEM
from .socket_server import ACCEPTED, Request, StandIn, answers, drips
from .socket_server import http as answer_bytes

KEY = "1q784322ba1d9bb88d50cf5cdfd89k7d"
MOBILE = "13800004085"
Start = Callable[..., StandIn]


def client_of(server: StandIn, account: str = "cf_test") -> Client:
    return Client(account, KEY, base_url=server.url)


def test_clients_of_one_account_share_one_kept_connection(stand_in: Start) -> None:
    server = stand_in(answers())
    for client in (client_of(server), client_of(server)):
        for _ in range(5):
            assert client.submit(MOBILE, "1234").accepted
    assert (len(server.requests), server.connections, len(transport._sessions)) == (10, 1, 1)


def test_accounts_do_not_share_connections(stand_in: Start) -> None:
    server = stand_in(answers())
    client_of(server).submit(MOBILE, "1234")
    client_of(server, "cf_other").submit(MOBILE, "1234")
    assert (server.connections, len(transport._sessions)) == (2, 2)


def test_a_refused_or_unreadable_answer_keeps_the_connection_usable(stand_in: Start) -> None:
    bodies = iter([b'{"code":405}', ACCEPTED])

    def behave(conn: socket.socket, _request: Request) -> bool:
        conn.sendall(answer_bytes(next(bodies)))
        return True

    server = stand_in(behave)
    assert [client_of(server).submit(MOBILE, "1234").code for _ in range(2)] == [405, 2]
    assert server.connections == 1


def test_a_connection_closed_while_idle_is_replaced(stand_in: Start) -> None:
    closed = threading.Event()

    def behave(conn: socket.socket, _request: Request) -> bool:
        conn.sendall(answer_bytes())
        conn.close()
        closed.set()
        return False

    server = stand_in(behave)
    for _ in range(3):
        assert client_of(server).submit(MOBILE, "1234").accepted
        assert closed.wait(5)
        closed.clear()
        time.sleep(0.01)
    assert server.connections == 3


def test_a_kept_connection_that_closes_while_it_is_taken_has_sent_nothing(
    stand_in: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = stand_in(lambda conn, _request: conn.sendall(answer_bytes()) is not None)
    client_of(server).submit(MOBILE, "1234")
    # As if the pool had looked a moment before the server closed.
    monkeypatch.setattr(transport.PlainConnection, "is_connected", True)
    time.sleep(0.05)
    with pytest.raises(NotSent, match="before the message was written"):
        client_of(server).submit(MOBILE, "1234")
    assert [request.form["content"] for request in server.requests] == ["1234"]


def test_a_connection_idle_for_long_is_replaced(stand_in: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = stand_in(answers())
    client_of(server).submit(MOBILE, "1234")
    monkeypatch.setattr(transport, "MAX_IDLE", 0.05)
    time.sleep(0.1)
    client_of(server).submit(MOBILE, "1234")
    assert (len(server.requests), server.connections) == (2, 2)


def test_a_packed_answer_is_read(stand_in: Start) -> None:
    server = stand_in(answers(gzip.compress(ACCEPTED), "200 OK", "Content-Encoding: gzip"))
    assert client_of(server).submit(MOBILE, "1234").accepted


def test_an_answer_in_chunks_is_read_and_the_connection_kept(stand_in: Start) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    def behave(conn: socket.socket, _request: Request) -> bool:
        middle = len(ACCEPTED) // 2
        pieces = (ACCEPTED[:middle], ACCEPTED[middle:], b"")
        conn.sendall(head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces))
        return True

    server = stand_in(behave)
    for _ in range(3):
        assert client_of(server).submit(MOBILE, "1234").accepted
    assert server.connections == 1


def test_an_answer_without_a_length_is_read_to_its_end(stand_in: Start) -> None:
    def behave(conn: socket.socket, _request: Request) -> bool:
        conn.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + ACCEPTED)
        return False

    server = stand_in(behave)
    assert client_of(server).submit(MOBILE, "1234").accepted


def test_redirects_are_not_followed_and_cookies_not_kept(stand_in: Start) -> None:
    server = stand_in(answers(ACCEPTED, "200 OK", "Set-Cookie: a=b; Path=/", "Location: /elsewhere"))
    for _ in range(2):
        client_of(server).submit(MOBILE, "1234")
    assert [request.headers.get("cookie") for request in server.requests] == [None, None]
    (session,) = transport._sessions.values()
    assert list(session.cookies) == []


def test_netrc_is_not_read(stand_in: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\ndefault login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = stand_in(answers())
    client_of(server).submit(MOBILE, "1234")
    assert "authorization" not in server.requests[0].headers
    assert [session.trust_env for session in transport._sessions.values()] == [False]


def test_threads_get_their_own_answers(stand_in: Start) -> None:
    def behave(conn: socket.socket, request: Request) -> bool:
        conn.sendall(answer_bytes(f'{{"code":2,"smsid":"{request.form["mobile"]}"}}'.encode()))
        return True

    server = stand_in(behave)
    start = threading.Barrier(32)

    def submit(number: int) -> list[bool]:
        start.wait(10)
        mobiles = [str(13_800_000_000 + 100 * number + turn) for turn in range(5)]
        return [client_of(server).submit(mobile, "1234").smsid == mobile for mobile in mobiles]

    with ThreadPoolExecutor(32) as pool:
        assert all(all(right) for right in pool.map(submit, range(32)))
    assert len(server.requests) == 160
    assert server.connections <= 32
    assert len(transport._sessions) == 1


FORKING = """
import os, sys
from django_ihuyi.gateway import Client

client = Client("cf_test", "1q784322ba1d9bb88d50cf5cdfd89k7d", base_url=sys.argv[1])
assert client.submit("13800000001", "parent").accepted
child = os.fork()
if not child:
    for _ in range(2):
        assert client.submit("13800000002", "child").accepted
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert client.submit("13800000001", "parent").accepted
"""


def test_a_forked_child_opens_its_own_connection(stand_in: Start) -> None:
    server = stand_in(answers())
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(Path.cwd())}
    subprocess.run([sys.executable, "-c", FORKING, server.url], check=True, timeout=60, env=environment)
    used = [(request.form["content"], request.connection) for request in server.requests]
    assert used == [("parent", 1), ("child", 2), ("child", 2), ("parent", 1)]


def test_tls_with_a_trusted_certificate(
    stand_in: Start, server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(LOOPBACK_PEM))
    server = stand_in(answers(), tls=server_tls)
    client = Client("cf_test", KEY, base_url=f"https://localhost:{server.port}/webservice/sms.php")
    for _ in range(3):
        assert client.submit(MOBILE, "1234").accepted
    assert server.connections == 1


def test_a_forwarding_proxy(stand_in: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = stand_in(answers())
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    client = Client("cf_test", KEY, base_url="http://gateway.invalid/sms.php")
    assert client.submit(MOBILE, "1234").accepted
    assert proxy.requests[0].line == "POST http://gateway.invalid/sms.php?method=Submit HTTP/1.1"


def test_a_tunnelling_proxy(stand_in: Start, server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies: list[bytes] = []

    def behave(conn: socket.socket, _request: Request) -> bool:
        conn.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with server_tls.wrap_socket(conn, server_side=True) as inner:
            bodies.append(inner.recv(4096) + inner.recv(4096))
            inner.sendall(answer_bytes())
        return False

    proxy = stand_in(behave)
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("SSL_CERT_FILE", str(LOOPBACK_PEM))
    client = Client("cf_test", KEY, base_url="https://localhost:4/sms.php")
    assert client.submit(MOBILE, "1234").accepted
    assert proxy.requests[0].line.startswith("CONNECT localhost:4 HTTP/1.")
    assert bodies[0].startswith(b"POST /sms.php?method=Submit HTTP/1.1\r\n")


@pytest.mark.parametrize("words", ["403 Forbidden", "502 Bad Gateway"])
def test_a_proxy_that_refuses_the_tunnel(stand_in: Start, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    proxy = stand_in(answers(b"", words))
    monkeypatch.setenv("https_proxy", f"http://user:{KEY}@127.0.0.1:{proxy.port}")
    with pytest.raises(NotSent, match=r"the proxy made no connection to gateway\.invalid") as caught:
        Client("cf_test", KEY, base_url="https://gateway.invalid/sms.php").submit(MOBILE, "1234")
    assert KEY not in str(caught.value)


def test_socks_proxies_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:9")
    with pytest.raises(NotSent, match="the proxy made no connection"):
        Client("cf_test", KEY, base_url="http://gateway.invalid/sms.php").submit(MOBILE, "1234")


def test_no_proxy_is_honoured(stand_in: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert client_of(stand_in(answers())).submit(MOBILE, "1234").accepted


def test_closed_sessions_are_made_again(stand_in: Start) -> None:
    server = stand_in(answers())
    client = client_of(server)
    client.submit(MOBILE, "1234")
    transport.close_sessions()
    client.submit(MOBILE, "1234")
    assert server.connections == 2


def test_the_wire_can_be_faked_by_responses() -> None:
    with responses.RequestsMock() as mock:
        mock.add(responses.POST, "https://106.ihuyi.com/webservice/sms.php", body=ACCEPTED)
        assert Client("cf_test", KEY).submit(MOBILE, "1234").smsid == "16165686731585006595"


def test_a_call_that_is_over_waits_no_more() -> None:
    call = transport.Call(0.001, 0.001)
    time.sleep(0.01)
    with pytest.raises(TimeoutError, match="time is over"):
        call.wait(10)


def test_an_answer_that_drips_in_quickly_is_read(stand_in: Start) -> None:
    server = stand_in(drips(answer_bytes(), 0.001))
    assert client_of(server).submit(MOBILE, "1234").accepted


def test_a_body_passed_with_the_head_counts_as_written(refusing_port: int) -> None:
    call = transport.current.call = transport.Call(1, 1)
    call.may_have_gone_out = False
    conn = transport.PlainConnection("127.0.0.1", refusing_port, timeout=1)
    with pytest.raises(NewConnectionError):
        # As http.client does it, and urllib3 before version 2.
        http.client.HTTPConnection.request(conn, "POST", "/", b"a=b")
    assert call.may_have_gone_out


def test_a_body_that_nobody_reads_ends_with_the_call(stand_in: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def behave(_conn: socket.socket, _request: Request) -> bool:
        over.wait(10)
        return False

    resolve = socket.getaddrinfo

    def slow(*args: Any, **kwargs: Any) -> object:
        time.sleep(2)
        return resolve(*args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    server = stand_in(behave, reads="head")
    client = Client("cf_test", KEY, base_url=server.url, timeout=(2, 0.2))
    started = time.monotonic()
    with pytest.raises(Uncertain, match="in time"):
        client.submit(MOBILE, "a" * 20_000_000)
    over.set()
    assert time.monotonic() - started < client.longest_call + 1.2
