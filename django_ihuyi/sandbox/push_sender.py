"""Sends receipts, replies and template reviews, with the repeat rule of PROTOCOL 4.

A push counts as received when it is answered status 200 and the bare text ``success``. Otherwise it comes again after
each pause of the options, the same to the letter, and is then given up.
"""

from __future__ import annotations

import heapq
import http.client
import itertools
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Final
from urllib.parse import urlencode, urlsplit

logger = logging.getLogger("django_ihuyi.sandbox")

CHINA: Final = timezone(timedelta(hours=8))
WORKERS: Final = 4
TIMEOUT: Final = 10.0
RECEIVED: Final = b"success"
ACKNOWLEDGED, REPEATING, GIVEN_UP, NO_URL = "acknowledged", "repeating", "given_up", "no_url"


def china_time(moment: float) -> str:
    """Write a time as the gateway does.

    Args:
        moment: Unix time in seconds.

    Returns:
        Date and time in China, without a zone: ``2017-08-02 14:31:51``.
    """
    return datetime.fromtimestamp(moment, tz=CHINA).strftime("%Y-%m-%d %H:%M:%S")


@dataclass(eq=False)
class Push:
    """One push and its repeats.

    Attributes:
        kind: ``receipt``, ``reply`` or ``template``.
        url: Where it goes; None: it counts as done when it is due.
        prepare: Called once when the push is first due; returns the fields.
        settle: Called after each attempt with what became of it.
        attempts: Attempts made.
    """

    kind: str
    url: str | None
    prepare: Callable[[], dict[str, str]]
    settle: Callable[[str], None]
    attempts: int = 0
    body: bytes | None = field(default=None, repr=False)


class Pusher:
    """A few threads that make pushes when they are due."""

    def __init__(self, pauses: tuple[float, ...], count: Callable[[str], None]) -> None:
        """Make a pusher; nothing runs before :meth:`start`.

        Args:
            pauses: Seconds before each repeat.
            count: Called with the name of a count for each attempt and each outcome.
        """
        self._pauses = pauses
        self._count = count
        self._condition = threading.Condition()
        self._waiting: list[tuple[float, int, Push]] = []
        self._order = itertools.count()
        self._stopping = False
        self._connections: set[http.client.HTTPConnection] = set()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads."""
        for number in range(WORKERS):
            thread = threading.Thread(target=self._run, name=f"ihuyi-sandbox-push-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Break off what is under way, forget what is waiting, and wait until the threads have ended."""
        with self._condition:
            self._stopping = True
            self._waiting.clear()
            self._condition.notify_all()
            for connection in self._connections:
                if connection.sock is not None:
                    with suppress(OSError):
                        connection.sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def forget(self) -> None:
        """Drop every push that is waiting."""
        with self._condition:
            self._waiting.clear()

    def add(self, push: Push, delay: float = 0.0) -> None:
        """Make a push later.

        Args:
            push: The push.
            delay: Seconds from now.
        """
        with self._condition:
            if not self._stopping:
                heapq.heappush(self._waiting, (time.monotonic() + delay, next(self._order), push))
                self._condition.notify()

    def attempt(self, push: Push) -> None:
        """Make one attempt now, in this thread, and see to the repeats.

        Args:
            push: The push.
        """
        if push.body is None:
            push.body = urlencode(push.prepare(), errors="replace").encode("ascii")
        if push.url is None:
            push.settle(NO_URL)
            return
        push.attempts += 1
        self._count(f"pushed_{push.kind}")
        if self._post(push.url, push.body):
            outcome = ACKNOWLEDGED
        elif push.attempts <= len(self._pauses):
            outcome = REPEATING
        else:
            outcome = GIVEN_UP
        self._count(f"{outcome}_{push.kind}")
        push.settle(outcome)
        if outcome == REPEATING:
            self.add(push, self._pauses[push.attempts - 1])

    def _run(self) -> None:
        while (push := self._next()) is not None:
            self.attempt(push)

    def _next(self) -> Push | None:
        with self._condition:
            while not self._stopping:
                rest = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if rest is not None and rest <= 0:
                    push = heapq.heappop(self._waiting)[2]
                    # The others may sleep for longer than until the next one is due.
                    self._condition.notify()
                    return push
                self._condition.wait(rest)
            return None

    def _post(self, url: str, body: bytes) -> bool:
        parts = urlsplit(url)
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                parts.netloc, timeout=TIMEOUT, context=context
            )
        else:
            connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
        target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        with self._condition:
            self._connections.add(connection)
        try:
            connection.connect()
            # Stopping shuts the connections that it finds open; one that opens at that moment must end by itself.
            if self._stopping:
                return False
            connection.request("POST", target, body, headers)
            return _is_received(connection.getresponse())
        except (OSError, http.client.HTTPException) as error:
            logger.info("push not received: %s", type(error).__name__)
            return False
        finally:
            with self._condition:
                self._connections.discard(connection)
            connection.close()


def _is_received(answer: http.client.HTTPResponse) -> bool:
    if answer.status == 200 and answer.read(64) == RECEIVED:
        return True
    other = " and not the text success" if answer.status == 200 else ""
    logger.info("push not received: HTTP %d%s", answer.status, other)
    return False
