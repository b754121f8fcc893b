"""The post: to the address that was checked, once, with no redirect, and never waited for without an end."""

from __future__ import annotations

import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from django_ihuyi.webhooks import http_client, ssrf
from tests.gateway.conftest import LOOPBACK_PEM

LET_GO = threading.Event()
STALLING = threading.Event()


class _Receiver(BaseHTTPRequestHandler):
    seen: list[tuple[str, str, bytes]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, self.headers["Host"], body))
        if self.path == "/silent":
            return
        if self.path == "/drips":
            # The socket's other end closes at the deadline; without one this would go on for ten seconds.
            with suppress(OSError):
                for _ in range(100):
                    self.wfile.write(b"H")
                    if LET_GO.wait(0.1):
                        break
            return
        self.send_response(int(self.path[1:4]))
        self.send_header("Location", "/200")
        self.send_header("Content-Length", "2")
        if self.path.endswith("stalls"):
            STALLING.set()
            self.end_headers()
            LET_GO.wait(5)
            STALLING.clear()
            return
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    """A receiver's server, silent about handshakes that fail: they are what some of the tests are about."""

    def handle_error(self, *_args: Any) -> None:
        pass


@contextmanager
def _served(context: ssl.SSLContext | None = None) -> Iterator[int]:
    server = _Server(("127.0.0.1", 0), _Receiver)
    if context is not None:
        # The handshake is the handler's thread's: one that fails must not end the thread that accepts.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def port() -> Iterator[int]:
    _Receiver.seen.clear()
    with _served() as port:
        yield port


@pytest.mark.parametrize("status", [200, 302, 410, 500])
def test_every_status_is_an_answer_and_no_redirect_is_followed(port: int, status: int) -> None:
    # The name does not exist: only the address that was checked can have been connected to.
    target = ssrf.Target("http", "hooks.invalid", port, ("127.0.0.1",), f"/{status}")
    answer = http_client.post(target, {}, b"{}", read=5)
    assert answer.status == status
    assert _Receiver.seen == [(f"/{status}", f"hooks.invalid:{port}", b"{}")]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_answer_is_an_error_without_the_path(port: int, scheme: str) -> None:
    target = ssrf.Target(scheme, "hooks.invalid", port, ("127.0.0.1",), "/silent")
    with pytest.raises(http_client.DeliveryError, match=r"no answer from hooks\.invalid") as caught:
        http_client.post(target, {}, b"{}", read=5)
    assert "silent" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_status_counts_though_the_body_never_comes_and_nobody_waits_for_it(port: int) -> None:
    target = ssrf.Target("http", "hooks.invalid", port, ("127.0.0.1",), "/200stalls")
    LET_GO.clear()
    try:
        assert http_client.post(target, {}, b"{}", read=60).status == 200
        assert STALLING.is_set()
    finally:
        LET_GO.set()


@pytest.fixture
def tls_port() -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(LOOPBACK_PEM)
    with _served(context) as port:
        yield port


def test_the_certificate_is_checked_for_the_name_and_not_for_the_address(tls_port: int) -> None:
    right = ssrf.Target("https", "localhost", tls_port, ("127.0.0.1",), "/200")
    assert http_client.post(right, {}, b"{}", read=5, ca_certs=str(LOOPBACK_PEM)).status == 200
    with pytest.raises(http_client.DeliveryError, match="SSLError"):
        http_client.post(right._replace(host="hooks.invalid"), {}, b"{}", read=5, ca_certs=str(LOOPBACK_PEM))
    with pytest.raises(http_client.DeliveryError, match="SSLError"):
        http_client.post(right, {}, b"{}", read=5)


@pytest.mark.parametrize(
    ("target", "host"),
    [
        (ssrf.Target("https", "a.example", 443, ("8.8.8.8",), "/"), "a.example"),
        (ssrf.Target("https", "a.example", 8443, ("8.8.8.8",), "/"), "a.example:8443"),
        (ssrf.Target("https", "2400:3200::1", 443, ("2400:3200::1",), "/"), "[2400:3200::1]"),
    ],
)
def test_the_host_header(target: ssrf.Target, host: str) -> None:
    assert http_client.host_header(target) == host


def test_a_head_that_drips_in_ends_at_the_deadline(port: int) -> None:
    target = ssrf.Target("http", "hooks.invalid", port, ("127.0.0.1",), "/drips")
    LET_GO.clear()
    started = time.monotonic()
    try:
        with pytest.raises(http_client.DeliveryError):
            http_client.post(target, {}, b"{}", connect=0.2, read=0.3)
    finally:
        LET_GO.set()
    # connect + 2 * read, and time for a busy machine.
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("path", "arrives"),
    [
        ("/200//other.invalid/", "/200//other.invalid/"),
        ("/200/a b", "/200/a%20b"),
        ("/200/短信?a=é", "/200/%E7%9F%AD%E4%BF%A1?a=%C3%A9"),
    ],
    ids=["two slashes", "a space", "not ASCII"],
)
def test_any_path_goes_to_the_address_that_was_checked(port: int, path: str, arrives: str) -> None:
    target = ssrf.resolve(f"http://127.0.0.1:{port}{path}#part", allowed=["127.0.0.0/8"], ports=[port], allow_http=True)
    assert http_client.post(target, {}, b"{}", read=5).status == 200
    assert [seen for seen, _host, _body in _Receiver.seen] == [arrives]


def test_the_next_address_is_tried_where_the_first_cannot_be_connected_to(port: int) -> None:
    # Nobody listens on the port of the other two addresses of this machine.
    target = ssrf.Target("http", "hooks.invalid", port, ("127.0.0.2", "127.0.0.3", "127.0.0.1"), "/200")
    assert http_client.post(target, {}, b"{}", read=5).status == 200
    assert len(_Receiver.seen) == 1


def test_where_none_can_be_connected_to_the_last_fault_is_told(port: int) -> None:
    target = ssrf.Target("http", "hooks.invalid", port, ("127.0.0.2", "127.0.0.3"), "/200")
    with pytest.raises(http_client.DeliveryError, match="NewConnectionError"):
        http_client.post(target, {}, b"{}", read=5)
    assert _Receiver.seen == []


def test_what_may_have_been_read_is_not_posted_to_the_next_address(port: int) -> None:
    target = ssrf.Target("http", "hooks.invalid", port, ("127.0.0.1", "127.0.0.1"), "/silent")
    with pytest.raises(http_client.DeliveryError):
        http_client.post(target, {}, b"{}", read=5)
    assert len(_Receiver.seen) == 1


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_certificates_of_the_environment_are_trusted(
    name: str, tls_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, str(LOOPBACK_PEM))
    target = ssrf.Target("https", "localhost", tls_port, ("127.0.0.1",), "/200")
    assert http_client.post(target, {}, b"{}", read=5).status == 200


def test_certificates_that_do_not_exist_are_told(tls_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    target = ssrf.Target("https", "localhost", tls_port, ("127.0.0.1",), "/200")
    with pytest.raises(http_client.DeliveryError, match="variable SSL_CERT_FILE names a file that does not exist"):
        http_client.post(target, {}, b"{}", read=5)


def test_a_folder_of_certificates_is_trusted(tls_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # OpenSSL finds a certificate in a folder by the hash of its subject.
    asked = ["openssl", "x509", "-noout", "-subject_hash", "-in", str(LOOPBACK_PEM)]
    hashed = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    (tmp_path / f"{hashed}.0").write_bytes(LOOPBACK_PEM.read_bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    target = ssrf.Target("https", "localhost", tls_port, ("127.0.0.1",), "/200")
    assert http_client.post(target, {}, b"{}", read=5).status == 200


def test_the_longest_post_is_longer_than_any() -> None:
    assert http_client.longest_post(3, 10) == 3 * 3 + (3 + 2 * 10)
