"""A server on a real socket that behaves as a test tells it: it answers, hangs, drips, resets or talks rubbish."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.parser import Parser
from itertools import count
from typing import Literal
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Request:
    """A request as it came, and the number of the connection it came on."""

    connection: int
    line: str
    headers: dict[str, str]
    form: dict[str, str]


class StandIn:
    """Listens on loopback until closed.

    Args:
        behave: Called with the socket and each request; whether it returns true says whether to wait for the next one.
        reads: What to read before ``behave``: whole requests, or their heads only.
        tls: Speak TLS with this context.
    """

    def __init__(
        self,
        behave: Behaviour,
        *,
        reads: Literal["all", "head"] = "all",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self._behave = behave
        self._reads = reads
        self._tls = tls
        self._numbers = count(1)
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}/webservice/sms.php"
        self._start(self._accept)

    def close(self) -> None:
        """Stop listening, close every connection and wait for the threads."""
        for sock in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                conn, _ = self._listener.accept()
                self.connections += 1
                self._open.append(conn)
                self._start(self._serve, conn, next(self._numbers))

    def _serve(self, conn: socket.socket, number: int) -> None:
        with conn, contextlib.suppress(OSError):
            if self._tls:
                conn = self._tls.wrap_socket(conn, server_side=True)
            with conn:
                for request in self._incoming(conn, number):
                    self.requests.append(request)
                    if not self._behave(conn, request):
                        break

    def _incoming(self, conn: socket.socket, number: int) -> Iterator[Request]:
        # Unbuffered, so that what is not read stays in the socket: closing it then resets the connection.
        while True:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                byte = conn.recv(1)
                if not byte:
                    return
                head += byte
            line, _, rest = head.decode("latin-1").partition("\r\n")
            headers = {name.lower(): value for name, value in Parser().parsestr(rest).items()}
            body = b""
            length = int(headers.get("content-length", 0)) if self._reads == "all" else 0
            while len(body) < length:
                piece = conn.recv(length - len(body))
                if not piece:
                    return
                body += piece
            fields = parse_qs(body.decode(), keep_blank_values=True, strict_parsing=bool(body))
            yield Request(number, line, headers, {name: values[0] for name, values in fields.items()})


Behaviour = Callable[[socket.socket, Request], bool]

ACCEPTED = '{"code":2,"msg":"提交成功","smsid":"16165686731585006595"}'.encode()


def http(body: bytes = ACCEPTED, status: str = "200 OK", *headers: str) -> bytes:
    """Return an answer's bytes."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answers(body: bytes = ACCEPTED, status: str = "200 OK", *headers: str) -> Behaviour:
    """Answer, and wait for the next request."""
    return sends(http(body, status, *headers), keep=True)


def sends(data: bytes, *, keep: bool = False) -> Behaviour:
    """Send these bytes; then close, or wait for the next request."""

    def behave(conn: socket.socket, _request: Request) -> bool:
        conn.sendall(data)
        return keep

    return behave


def drips(data: bytes, pause: float) -> Behaviour:
    """Send these bytes one by one."""

    def behave(conn: socket.socket, _request: Request) -> bool:
        pulse = threading.Event()
        for byte in data:
            conn.sendall(bytes([byte]))
            pulse.wait(pause)
        return False

    return behave


def resets(conn: socket.socket, _request: Request) -> bool:
    """Reset the connection without an answer."""
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def hangs(conn: socket.socket, _request: Request) -> bool:
    """Say nothing until the other side gives up."""
    conn.recv(1)
    return False
