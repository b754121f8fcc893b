"""A receiver of events on this machine: real bytes, answers as told, and what came is remembered."""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ALLOWED = {"ALLOWED_NETWORKS": ["127.0.0.0/8"], "ALLOW_HTTP": True, "TIMEOUT": (2, 5)}
"""What ``IHUYI["WEBHOOKS"]`` needs so that it is reached, besides its port."""


@dataclass(frozen=True)
class Post:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        """The body, read."""
        read: dict[str, Any] = json.loads(self.body)
        return read


class Receiver:
    """Answers 204 unless told otherwise."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self._answers: deque[int] = deque()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.posts.append(Post(self.path, headers, body))
                self.send_response(receiver._answers.popleft() if receiver._answers else 204)
                self.send_header("Location", "/elsewhere")
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

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
