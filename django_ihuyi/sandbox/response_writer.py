"""Writes responses: complete, late, in pieces, wrong, or not at all."""

from __future__ import annotations

import os
import socket
import struct
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Final

from django_ihuyi.sandbox.faults import Answer, Fault
from django_ihuyi.sandbox.wire_format import Response

MAX_HANG: Final = 600.0
DRIP_PAUSE: Final = 0.5
LINGER: Final = 0.2
PADDING: Final = b" " * (1024 * 1024)
UNREADABLE: Final = bytes(range(255, 127, -1)) * 4
SUBSTITUTES: Final = {
    Answer.BAD_GATEWAY: Response(
        502, "text/html", b"<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>\r\n"
    ),
    Answer.SERVER_ERROR: Response(500, "text/html", b""),
    Answer.REDIRECT: Response(302, "text/html", b"", {"Location": "/elsewhere"}),
    Answer.RUBBISH: Response(200, "application/octet-stream", UNREADABLE),
}


def send(handler: BaseHTTPRequestHandler, response: Response, body: bytes | None = None) -> None:
    """Send an answer.

    Args:
        handler: The connection.
        response: The answer.
        body: What to send of its body; all of it by default. The length in the header stays that of the whole.
    """
    handler.send_response_only(response.status)
    handler.send_header("Date", handler.date_time_string())
    handler.send_header("Content-Type", response.content_type)
    handler.send_header("Content-Length", str(len(response.body)))
    for name, value in response.headers.items():
        handler.send_header(name, value)
    if handler.close_connection:
        handler.send_header("Connection", "close")
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(response.body if body is None else body)


def deliver(
    handler: BaseHTTPRequestHandler, response: Response, fault: Fault, stopping: threading.Event, slow: float
) -> None:
    """Send an answer of the gateway as a fault has it.

    Args:
        handler: The connection.
        response: The answer as it should be.
        fault: What happens to it.
        stopping: Set when the sandbox stops.
        slow: Seconds that a slow answer takes.
    """
    answer = fault.answer
    response = SUBSTITUTES.get(answer, response)
    if answer is Answer.HUGE:
        response = Response(200, response.content_type, response.body + PADDING)
    if answer is Answer.SLOW:
        stopping.wait(slow)
    if answer is Answer.HANG:
        _hang(handler)
    elif answer is Answer.RESET:
        _reset(handler)
    elif answer is Answer.HALF:
        send(handler, response, response.body[: len(response.body) // 2])
        handler.close_connection = True
    elif answer is Answer.DRIP:
        _drip(handler, response, stopping)
    else:
        send(handler, response)


def close_silently(handler: BaseHTTPRequestHandler) -> bool:
    """Close a connection after its answer, as a server does that has had enough of it.

    Args:
        handler: The connection, its answer written.

    Returns:
        Whether the caller had begun its next request by then: it will never know what became of that.
    """
    handler.close_connection = True
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_WR)
    handler.connection.settimeout(LINGER)
    with suppress(OSError):
        return bool(handler.rfile.read1(1))
    return False


def _hang(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.settimeout(MAX_HANG)
    # Ends when the client goes away, and when the sandbox stops and shuts the connection.
    with suppress(OSError):
        handler.connection.recv(1)


def _reset(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # The server would shut the socket down before it closes it, which sends an orderly end: close it under its feet.
    os.close(handler.connection.detach())


def _drip(handler: BaseHTTPRequestHandler, response: Response, stopping: threading.Event) -> None:
    send(handler, response, b"")
    handler.close_connection = True
    for position in range(len(response.body)):
        handler.wfile.write(response.body[position : position + 1])
        handler.wfile.flush()
        if stopping.wait(DRIP_PAUSE):
            return
