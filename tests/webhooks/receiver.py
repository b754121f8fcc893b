"""A receiver of events on this machine: real bytes, answers as told, and what came is remembered."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NO_ANSWER = 0
"""In place of a status: the connection is closed without a word."""
ALLOWED = {"ALLOWED_NETWORKS": ["127.0.0.0/8"], "ALLOW_HTTP": True, "TIMEOUT": (2, 5)}
"""What ``IHUYI["WEBHOOKS"]`` needs so that it is reached, besides its port."""


@dataclass(frozen=True)
class Post:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def event(self) -> dict[str, Any]:
        """The body, read."""
        read: dict[str, Any] = json.loads(self.body)
        return read


class Receiver:
    """Answers 204 unless told otherwise, and nobody while ``may_answer`` is not set."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.headers: dict[str, str] = {}
        self.may_answer = threading.Event()
        self.may_answer.set()
        self._answers: deque[int] = deque()
        self._refused: dict[str, int] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = receiver._answers.popleft() if receiver._answers else 204
                status = receiver._refused.get(self.path, status)
                receiver.posts.append(Post(self.path, headers, body, status))
                receiver.may_answer.wait(60)
                if status == NO_ANSWER:
                    return
                self.send_response(status)
                for name, value in {"Location": "/elsewhere", **receiver.headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/in?token=of-the-receiver"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def answer(self, *statuses: int) -> None:
        """Say what the next requests get."""
        self._answers.extend(statuses)

    def refuse(self, path: str, status: int) -> None:
        """Say what all requests at a path get."""
        self._refused[path] = status

    def wait_for_posts(self, count: int, seconds: float = 30) -> bool:
        """Wait until so many requests were read. Returns whether they were."""
        give_up_at = time.monotonic() + seconds
        while len(self.posts) < count and time.monotonic() < give_up_at:
            time.sleep(0.01)
        return len(self.posts) >= count

    def forget_answers(self) -> None:
        """Take everything from here on."""
        self._answers.clear()

    def forget(self) -> None:
        """Remember nothing, and take everything."""
        self.posts.clear()
        self.forget_answers()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
