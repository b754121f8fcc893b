"""Reading of request bodies. An incomplete request is never processed."""

from __future__ import annotations

import io
import re
import socket
import time
from http.server import BaseHTTPRequestHandler
from typing import Final

from django_ihuyi.sandbox.wire_format import Response

MAX_BODY: Final = 1024 * 1024
MAX_LINE: Final = 1024
MAX_TRAILERS: Final = 100
MAX_DRAIN: Final = 16 * 1024 * 1024
"""Bytes that are read and dropped after an early answer."""
DRAIN_PAUSE: Final = 1.0
"""Seconds without a byte after which draining ends."""
DRAIN_TIME: Final = 5.0
"""Seconds after which draining ends in any case."""


class WholeLines(io.BufferedReader):
    """A connection whose lines are whole: ``http.server`` takes the end of a connection for the end of the headers."""

    def readline(self, size: int | None = -1) -> bytes:
        """Read a line.

        Args:
            size: The most bytes to read; a longer line comes in part.

        Raises:
            ConnectionAbortedError: The client ended the connection within the line.
        """
        line = super().readline(size)
        if not line.endswith(b"\n") and len(line) != size:
            raise ConnectionAbortedError
        return line


class BodyError(Exception):
    """The body cannot be read, and where the next request begins is unknown.

    Attributes:
        response: The answer; the connection ends after it.
    """

    def __init__(self, status: int, text: str) -> None:
        """Make the answer.

        Args:
            status: HTTP status.
            text: What is wrong; quotes nothing of the request.
        """
        super().__init__(text)
        self.response = Response(status, "text/plain", f"{text}\n".encode())


def read_body(handler: BaseHTTPRequestHandler) -> bytes:
    """Read the body of the request whose headers were read.

    Args:
        handler: The connection.

    Returns:
        The body; empty where the request has none.

    Raises:
        BodyError: It is too large, or its length is not given as HTTP has it.
        ConnectionAbortedError: The client ended the connection before the end of the body.
    """
    encodings = handler.headers.get_all("Transfer-Encoding", [])
    lengths = {value.strip() for value in handler.headers.get_all("Content-Length", [])}
    if encodings:
        if [value.strip().lower() for value in encodings] != ["chunked"]:
            raise BodyError(501, "Unknown Transfer-Encoding")
        if lengths:
            raise BodyError(400, "Both Transfer-Encoding and Content-Length")
        return _read_chunks(handler)
    length = lengths.pop() if lengths else "0"
    if lengths or not re.fullmatch(r"[0-9]{1,12}", length):
        raise BodyError(400, "Bad Content-Length")
    if int(length) > MAX_BODY:
        raise BodyError(413, "Body too large")
    return _read(handler, int(length))


def drain(handler: BaseHTTPRequestHandler) -> None:
    """Read and drop what a client still sends after an early answer.

    Closing a connection with unread bytes resets it, and the client would lose the answer.

    Args:
        handler: The connection; it is closed by the caller.
    """
    deadline, left = time.monotonic() + DRAIN_TIME, MAX_DRAIN
    try:
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_WR)
        handler.connection.settimeout(DRAIN_PAUSE)
        while left > 0 and time.monotonic() < deadline and (data := handler.rfile.read1(64 * 1024)):
            left -= len(data)
    except OSError:
        return


def _read(handler: BaseHTTPRequestHandler, length: int) -> bytes:
    data = handler.rfile.read(length)
    if len(data) < length:
        raise ConnectionAbortedError
    return data


def _read_line(handler: BaseHTTPRequestHandler) -> bytes:
    line = handler.rfile.readline(MAX_LINE + 1)
    if len(line) > MAX_LINE:
        raise BodyError(400, "Bad chunk")
    return line.rstrip(b"\r\n")


def _read_chunks(handler: BaseHTTPRequestHandler) -> bytes:
    body = bytearray()
    while length := _read_chunk_size(handler):
        if len(body) + length > MAX_BODY:
            raise BodyError(413, "Body too large")
        body += _read(handler, length)
        if _read_line(handler):
            raise BodyError(400, "Bad chunk")
    for _ in range(MAX_TRAILERS):
        if not _read_line(handler):
            return bytes(body)
    raise BodyError(400, "Too many trailers")


def _read_chunk_size(handler: BaseHTTPRequestHandler) -> int:
    size = re.fullmatch(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?", _read_line(handler))
    if size is None:
        raise BodyError(400, "Bad chunk")
    return int(size[1], 16)
