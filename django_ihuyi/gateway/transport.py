"""HTTP transport: a pooled ``requests.Session`` per process, account and address, and connections with a deadline.

A call returns the bytes of a response or raises an error that says whether the message may have been sent. The
connections extend those of urllib3: they know whether the request body may have been written, end a call at its
deadline even if the response arrives byte by byte, drop sockets that were idle for long, and check before the body is
written whether the server has closed the socket.
"""

from __future__ import annotations

import io
import os
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from typing import Any, NamedTuple

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectTimeout, InvalidProxyURL
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError, ProxyError, SSLError
from urllib3.exceptions import TimeoutError as WaitedTooLong
from urllib3.util.wait import wait_for_read

from .. import __version__
from . import ca_bundle
from .exceptions import GatewayError, NotSent, Uncertain

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


MAX_ANSWER = 64 * 1024
POOL_SIZE = 64

_HEADERS = {
    "User-Agent": f"django-ihuyi/{__version__} (+python-requests/{requests.__version__})",
    "Accept": "*/*",
    # Answers have a hundred bytes: nothing is won by packing them.
    "Accept-Encoding": "identity",
    "Content-Type": "application/x-www-form-urlencoded",
}


class RawAnswer(NamedTuple):
    """The bytes of an answer and its ``Date``."""

    body: bytes
    date: str | None


class _Adapter(HTTPAdapter):
    """An adapter whose connections know whether a body has been written."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  handed through
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401  handed through
        if proxy.lower().startswith("socks"):
            # Its connections are of another make and could not tell whether a body has been written.
            raise InvalidProxyURL("SOCKS proxies are not supported")
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  handed through
        # From here on a connection of ours is in charge, and nothing has been written yet.
        current.call.may_have_gone_out = False
        return super().get_connection_with_tls_context(*args, **kwargs)


class _Session(requests.Session):
    """A session that follows no redirect: requests would read the whole body of one before letting go of it."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


# No lock guards this: one held by another thread while the process forks would stay locked in the child for ever.
# Where two threads make a session at once, setdefault keeps one, and the other has no socket yet. A child leaves the
# sessions of its parent alone, for their inner locks may be held as well.
_sessions: dict[tuple[int, str, str], _Session] = {}


def _session(account: str, base_url: str) -> _Session:
    key = (os.getpid(), account, base_url)
    return _sessions.get(key) or _sessions.setdefault(key, _new_session(base_url))


def _new_session(base_url: str) -> _Session:
    session = _Session()
    # The environment's proxies and certificates count, read once; its .netrc does not: a line for the gateway's host,
    # or a default line, would add an Authorization header with a stranger's password to a request that requests
    # prepares. Ours are put together by hand, and this keeps it so for whoever changes that.
    session.trust_env = False
    session.proxies = dict(get_environ_proxies(base_url))
    session.verify = ca_bundle.trusted(NotSent) or True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _Adapter(pool_maxsize=POOL_SIZE, max_retries=0, pool_block=False)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def close_sessions() -> None:
    """Close this process's idle connections to every gateway; the next call opens new ones."""
    for key in [key for key in _sessions if key[0] == os.getpid()]:
        _sessions.pop(key).close()


def post(account: str, base_url: str, url: str, form: str, *, host: str, call: Call) -> RawAnswer:
    """Post a form and read the answer.

    Args:
        account: The APIID: calls of one account share their connections.
        base_url: The account's address: what its connections are kept under.
        url: Where to post to.
        form: The encoded form.
        host: The server's name, for the errors' texts.
        call: The call's clock, started just now.

    Returns:
        The answer to a request that ended with a status of 2xx.

    Raises:
        NotSent: Not a byte of the form was written.
        Uncertain: Anything that went wrong later.
    """
    failure: GatewayError
    try:
        return _exchange(_session(account, base_url), url, form, host=host, call=call)
    except (OSError, HTTPException, HTTPError, ValueError) as error:
        failure = _explain(error, host, call)
    # Raised out here, so that no __context__ leads to requests' exception: it carries the request.
    raise failure


def _exchange(session: _Session, url: str, form: str, *, host: str, call: Call) -> RawAnswer:
    # Put together by hand: Request.prepare() would take longer than everything else in this package.
    request = requests.PreparedRequest()
    request.method = "POST"
    request.url = url
    request.body = form.encode("ascii")
    request.headers = CaseInsensitiveDict(_HEADERS)
    request.headers["Content-Length"] = str(len(request.body))
    request.hooks = {"response": []}
    current.call = call
    # An answer read to its end has given its connection back by the end of the block; any other takes it along.
    with session.send(
        request,
        stream=True,
        allow_redirects=False,
        timeout=(call.connect, call.read),
        proxies=session.proxies,
    ) as response:
        if not call.may_have_gone_out:
            # The server answered and closed while the head was being written; urllib3 still reads such answers.
            raise NotSent(f"{host} closed the connection before the message was written")
        if not 200 <= response.status_code < 300:
            raise Uncertain(f"{host} answered with HTTP status {response.status_code}")
        body = response.raw.read(MAX_ANSWER + 1, decode_content=True)
        if len(body) > MAX_ANSWER:
            raise Uncertain(f"the answer of {host} is longer than {MAX_ANSWER // 1024} KiB")
        return RawAnswer(body, response.headers.get("Date"))


def _explain(error: Exception, host: str, call: Call) -> GatewayError:
    chain = tuple(_chain(error))

    def met(*kinds: type[BaseException]) -> bool:
        return any(isinstance(link, kinds) for link in chain)

    # The mark decides. The one exception: a tool that puts its own adapter in place of ours (tests, recorders) sets no
    # mark, and a connect time-out tells the same by its nature.
    if not call.may_have_gone_out or isinstance(error, ConnectTimeout):
        return next(NotSent(text.format(host, call.connect)) for kinds, text in _NOT_SENT if met(*kinds))
    if met(TimeoutError, WaitedTooLong):
        return Uncertain(f"no complete answer from {host} in time (read time-out {call.read:g} s)")
    return Uncertain(f"the connection to {host} broke before the answer was complete")


# The first line that fits is right: a proxy's failure is also a time-out or a broken connection.
_NOT_SENT: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((ProxyError, InvalidProxyURL), "the proxy made no connection to {0}"),
    ((NameResolutionError,), "the name {0} cannot be resolved"),
    ((SSLError,), "no TLS connection to {0}: the handshake failed, or its certificate is not trusted here"),
    ((NewConnectionError,), "no connection to {0}: it was refused, or there is no way there"),
    ((TimeoutError, WaitedTooLong), "no connection to {0} within {1:g} s"),
    ((BaseException,), "the connection to {0} broke before the message was written"),
)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
