"""The sandbox's HTTP: a thread for each connection, kept alive, and no further than loopback.

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
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from django_ihuyi.sandbox.answering import close_without_a_word, deliver, send
from django_ihuyi.sandbox.control import FEED
from django_ihuyi.sandbox.faults import ORDINARY, Answer
from django_ihuyi.sandbox.formats import Response, read_form, write
from django_ihuyi.sandbox.products import PRODUCTS, SMS

if TYPE_CHECKING:
    from django_ihuyi.sandbox.control import Control
    from django_ihuyi.sandbox.gateway import Gateway

logger = logging.getLogger("django_ihuyi.sandbox")

Request = socket.socket | tuple[bytes, socket.socket]
"""What ``socketserver`` calls a request; here always a connection."""
MAX_BODY: Final = 1024 * 1024
IDLE: Final = 75
PATHS: Final = {product.path: product for product in PRODUCTS.values()}
NEWER_PATH: Final = re.compile(r"/sms/(Submit|GetNum|AddTemplate)\.json")


class GatewayServer(ThreadingHTTPServer):
    """Listens, and knows its connections so that it can end them.

    Attributes:
        gateway: Answers the three methods.
        control: Answers the page and the control interface.
        stopping: Set when the sandbox stops; whoever waits, waits on it.
    """

    daemon_threads = False
    request_queue_size = 256

    def __init__(self, gateway: Gateway, control: Control) -> None:
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
    protocol_version = "HTTP/1.1"
    server_version = "ihuyi-sandbox"
    sys_version = ""
    timeout = IDLE
    wbufsize = -1
    disable_nagle_algorithm = True

    def serve(self) -> None:
        """Answer one GET or POST."""
        started = time.monotonic()
        body = self._body()
        if isinstance(body, Response):
            self.close_connection = True
            what, code = "-", ""
            send(self, body)
            status = body.status
        else:
            what, code, status = self._route(body)
        spent = (time.monotonic() - started) * 1000
        # The page asks once a second: what a person looks for would be lost among it.
        polling = status == 200 and self.path.partition("?")[0] == FEED
        level = logging.DEBUG if polling else logging.INFO
        logger.log(level, "%s %s %s %s %.0f ms", self.command, what, status, code or "-", spent)

    do_GET = do_POST = serve  # noqa: N815 - http.server calls them by these names

    def _body(self) -> bytes | Response:
        if "Transfer-Encoding" in self.headers:
            return Response(411, "text/plain", b"Length required\n")
        length = self.headers.get("Content-Length", "0")
        if not re.fullmatch(r"[0-9]{1,12}", length):
            return Response(400, "text/plain", b"Bad Content-Length\n")
        if int(length) > MAX_BODY:
            return Response(413, "text/plain", b"Body too large\n")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            # The caller died while it wrote: half a request must not become a message.
            raise ConnectionAbortedError
        return body

    def _route(self, body: bytes) -> tuple[str, str, int]:
        path, _, query = self.path.partition("?")
        newer = NEWER_PATH.fullmatch(path)
        product = SMS if newer else PATHS.get(path)
        if product is None:
            response = self.server.control.answer(self.command, path, query, self.headers, body)
            send(self, response)
            return "control" if path.startswith("/sandbox/") else "page", "", response.status
        try:
            form = read_form(query, body)
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
        if result.fault.answer is Answer.THEN_CLOSE and close_without_a_word(self):
            self.server.gateway.state.count("cut_off")
        fault = "" if result.fault is ORDINARY else f" {result.fault.answer.name.lower()}"
        what = name if product is SMS else f"{product.name} {name}"
        return what, f"code={result.fields['code']}{fault}", response.status

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: the base class would log request lines, which carry numbers, texts and keys."""
