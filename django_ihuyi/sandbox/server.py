"""HTTP server of the sandbox: one thread per connection, loopback only.

``http.server`` rather than a WSGI server, because faults reach down to the socket. What a request means is decided in
``gateway``, ``control`` and ``page``; how an answer leaves, in ``delivery``.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import socket
import socketserver
import sys
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from django_ihuyi.sandbox.bodies import BodyError, WholeLines, drain, read_body
from django_ihuyi.sandbox.control_api import FEED
from django_ihuyi.sandbox.faults import ORDINARY, Answer
from django_ihuyi.sandbox.products import PRODUCTS, SMS
from django_ihuyi.sandbox.response_writer import close_silently, deliver, send
from django_ihuyi.sandbox.wire_format import Response, read_form, write

if TYPE_CHECKING:
    from django_ihuyi.sandbox.control_api import ControlAPI
    from django_ihuyi.sandbox.endpoints import Endpoints

logger = logging.getLogger("django_ihuyi.sandbox")

Request = socket.socket | tuple[bytes, socket.socket]
"""What ``socketserver`` calls a request; here always a connection."""
IDLE: Final = 75
PATHS: Final = {product.path: product for product in PRODUCTS.values()}
NEWER_PATH: Final = re.compile(r"/sms/(Submit|GetNum|AddTemplate)\.json")
NOT_IN_A_TARGET: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xff]")
"""Bytes that a request line may not have, but clients send: texts in UTF-8, mostly."""
AUTHORITY: Final = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)
"""What a client that talks to a proxy puts before the path."""


class GatewayServer(ThreadingHTTPServer):
    """Listens, and knows its connections so that it can end them.

    Attributes:
        gateway: Answers the three methods.
        control: Answers the page and the control interface.
        stopping: Set when the sandbox stops; whoever waits, waits on it.
    """

    daemon_threads = False
    request_queue_size = 256

    def __init__(self, gateway: Endpoints, control: ControlAPI) -> None:
        """Bind to the address of the gateway's options.

        Args:
            gateway: Answers the three methods.
            control: Answers the page and the control interface.

        Raises:
            OSError: The port is in use.
        """
        self.gateway = gateway
        self.control = control
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        host = gateway.options.host
        if ipaddress.ip_address(host).version == 6:
            self.address_family = socket.AF_INET6
        super().__init__((host, gateway.options.port), Handler)

    def server_bind(self) -> None:
        """Bind without the host name look-up of ``HTTPServer``, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection and note it."""
        connection, address = super().get_request()
        with self._open_lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Request) -> None:
        """End the connection and forget it."""
        with self._open_lock:
            self._open = {one for one in self._open if one is not request}
        super().shutdown_request(request)

    def handle_error(self, request: Request, client_address: object) -> None:
        """Log what went wrong without its text, which may quote a request; a broken connection is nothing wrong."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            logger.error("request failed: %s", type(error).__name__)

    def stop(self) -> None:
        """Stop listening, end all connections, and wait for their threads."""
        self.stopping.set()
        self.shutdown()
        with self._open_lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """Reads a request, asks who knows the answer, and logs a line that names no number, text or key."""

    server: GatewayServer
    raw_requestline: bytes
    protocol_version = "HTTP/1.1"
    server_version = "ihuyi-sandbox"
    sys_version = ""
    timeout = IDLE
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Read the connection by lines that have an end."""
        super().setup()
        self.rfile.close()
        self.rfile = WholeLines(self.connection.makefile("rb", buffering=0))

    def parse_request(self) -> bool:
        """Read the request line and the headers.

        The base class decodes the line as Latin-1 and splits it at white space, of which Latin-1 has some within the
        UTF-8 of Chinese texts.

        Returns:
            Whether there is a request to answer.
        """
        line = self.raw_requestline
        self.raw_requestline = NOT_IN_A_TARGET.sub(lambda match: b"%%%02X" % match[0][0], line)
        if not super().parse_request():
            return False
        if self.request_version == "HTTP/0.9":
            self.send_error(HTTPStatus.BAD_REQUEST)
            return False
        return True

    def handle_expect_100(self) -> bool:
        """Tell the client to send its body, at once: it waits for that."""
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request. The base class would quote the request line, which may carry keys and texts."""
        self.request_version = self.protocol_version
        phrase = HTTPStatus(code).phrase
        self._refuse(Response(code, "text/plain", f"{phrase}\n".encode()))
        logger.info("- bad request %d", code)

    def serve(self) -> None:
        """Answer one GET, POST or HEAD."""
        started = time.monotonic()
        try:
            body = read_body(self)
        except BodyError as error:
            self._refuse(error.response)
            what, code, status = "-", "", error.response.status
        else:
            what, code, status = self._route(body)
        spent = (time.monotonic() - started) * 1000
        # The page asks once a second: what a person looks for would be lost among it.
        polling = status == 200 and self.path.partition("?")[0] == FEED
        level = logging.DEBUG if polling else logging.INFO
        logger.log(level, "%s %s %s %s %.0f ms", self.command, what, status, code or "-", spent)

    do_GET = do_POST = do_HEAD = serve  # noqa: N815 - http.server calls them by these names

    def _refuse(self, response: Response) -> None:
        """Answer, and end the connection: where the next request would begin is unknown."""
        self.close_connection = True
        with suppress(OSError):
            send(self, response)
        drain(self)

    def _target(self) -> str:
        """Return path and query; the host of an absolute target counts instead of the header's (RFC 9112, 3.2.2)."""
        authority = AUTHORITY.match(self.path)
        if authority is None:
            return self.path
        del self.headers["Host"]
        self.headers["Host"] = authority[1]
        target = self.path[authority.end() :]
        return target if target.startswith("/") else f"/{target}"

    def _route(self, body: bytes) -> tuple[str, str, int]:
        path, _, query = self._target().partition("?")
        newer = NEWER_PATH.fullmatch(path)
        product = SMS if newer else PATHS.get(path)
        if product is None:
            method = "GET" if self.command == "HEAD" else self.command
            response = self.server.control.answer(method, path, query, self.headers, body)
            send(self, response)
            return "control" if path.startswith("/sandbox/") else "page", "", response.status
        if self.command == "HEAD":
            # Whoever looks whether there is something must not send a message by it.
            send(self, Response(405, "text/plain", b"", {"Allow": "GET, POST"}))
            return "-", "", 405
        try:
            form = read_form(query, body if self.command == "POST" else b"", self.headers)
        except ValueError:
            send(self, Response(400, "text/plain", b"Too many fields\n"))
            return "-", "", 400
        name = newer[1] if newer else form.get("method", "")
        result = self.server.gateway.ask(product, name, form)
        if result is None:
            send(self, Response(404, "text/plain", b"Unknown method\n"))
            return "-", "", 404
        self.server.stopping.wait(self.server.gateway.options.latency)
        response = write(result, as_json=newer is not None or form.get("format") == "json")
        deliver(self, response, result.fault, self.server.stopping, self.server.gateway.options.slow)
        if result.fault.answer is Answer.THEN_CLOSE and close_silently(self):
            self.server.gateway.state.count("cut_off")
        fault = "" if result.fault is ORDINARY else f" {result.fault.answer.name.lower()}"
        what = name if product is SMS else f"{product.name} {name}"
        return what, f"code={result.fields['code']}{fault}", response.status

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: the base class would log request lines, which carry numbers, texts and keys."""
