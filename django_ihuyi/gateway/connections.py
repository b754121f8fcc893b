"""urllib3's connections, taught four things: to know whether the request's body may have been written, to end a call
at its deadline even when the answer drips in byte by byte, to forget a socket that has been idle for long, and to look
once more before the body is written whether the server has closed it.
"""

from __future__ import annotations

import io
import socket
import threading
from http.client import HTTPResponse
from time import monotonic
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.wait import wait_for_read

# urllib3 notices a socket that the server has closed, but not one that is being closed right now, and a request written
# into that would end uncertain. Servers close idle sockets after a minute or two (nginx 75 s, IIS 120 s), and routers
# between drop them without a word: 15 s keeps clear of that, at the price of one handshake after a rest.
MAX_IDLE = 15.0


class Call:
    """The clock and the mark of one call.

    Args:
        connect: Seconds to wait for a connection.
        read: Seconds to wait for each piece of the answer.

    Attributes:
        may_have_gone_out: Whether a byte of the request's body may have left. It is true until the adapter says
            otherwise, so that a call that never meets our connections (an adapter put in ours' place) errs on the
            safe side.
    """

    __slots__ = ("connect", "ends_at", "may_have_gone_out", "read", "write_by")

    def __init__(self, connect: float, read: float) -> None:
        self.connect = connect
        self.read = read
        self.ends_at = monotonic() + longest_call(connect, read)
        self.write_by = self.ends_at - read
        self.may_have_gone_out = True

    def wait(self, at_most: float) -> float:
        """Return the seconds the next wait may last.

        Raises:
            TimeoutError: The call's time is over.
        """
        left = self.ends_at - monotonic()
        if left <= 0:
            raise TimeoutError("the call's time is over")
        return min(left, at_most)


def longest_call(connect: float, read: float) -> float:
    """Return the seconds after which a call has neither a byte to write nor an answer to wait for."""
    return connect + 2 * read


class _CurrentCall(threading.local):
    """The call that this thread is in: urllib3 does all its work for a request in the thread that asked."""

    call: Call


current = _CurrentCall()


class _TimedReader(io.RawIOBase):
    """A socket's file that waits no longer than the call may, however often a byte drips in."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, call: Call) -> None:
        self._raw = raw
        self._sock = sock
        self._call = call

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]  # io always passes a memoryview
        self._sock.settimeout(self._call.wait(self._call.read))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    """An answer, head and body, read within the call's time."""

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock, current.call))


class PlainConnection(HTTPConnection):
    """A connection over http."""

    response_class = _TimedResponse
    _last_used = 0.0
    """When the socket's latest call was written; 0 for a new socket."""

    @property
    def is_connected(self) -> bool:
        """Whether the socket is open and was used lately."""
        return monotonic() - self._last_used < MAX_IDLE and super().is_connected

    def connect(self) -> None:
        """Connect anew."""
        self._last_used = 0.0
        super().connect()

    def endheaders(self, message_body: Any = None, *, encode_chunked: bool = False) -> None:  # noqa: ANN401  as in http.client
        """Write the request's head, connecting first where needed; from here on the body may leave.

        Raises:
            TimeoutError: Connecting took so long that no time is left to wait for the answer.
            ConnectionAbortedError: The server has closed the kept connection.
        """
        call = current.call
        # urllib3 sends the body after this method; if it ever passed one in, this would err on the safe side.
        call.may_have_gone_out = message_body is not None
        super().endheaders(message_body, encode_chunked=encode_chunked)
        # The server may have closed since the pool looked. Found before the body is written, that is a message surely
        # not sent; after, one that nobody knows of. A new connection is spared this: TLS 1.3 sends tickets unasked.
        if self._last_used and wait_for_read(self.sock, timeout=0):
            raise ConnectionAbortedError("the server has closed the kept connection")
        if monotonic() > call.write_by:
            raise TimeoutError("connecting took too long")
        self.sock.settimeout(call.wait(call.connect))
        self._last_used = monotonic()
        call.may_have_gone_out = True


class TLSConnection(PlainConnection, HTTPSConnection):
    """A connection over https."""


class PlainPool(HTTPConnectionPool):
    """Connections over http to one server."""

    ConnectionCls = PlainConnection  # pyright: ignore[reportAssignmentType]  its protocol is narrower than its class


class TLSPool(HTTPSConnectionPool):
    """Connections over https to one server."""

    ConnectionCls = TLSConnection  # pyright: ignore[reportAssignmentType]  as above


POOLS: dict[str, type[HTTPConnectionPool]] = {"http": PlainPool, "https": TLSPool}
