"""A sandbox over real HTTP, a customer who talks to it, and a site that its pushes go to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, Unpack
from urllib.parse import parse_qsl

import pytest
import requests

from django_ihuyi.sandbox import Sandbox
from django_ihuyi.sandbox.options import OptionFields

ACCOUNT, KEY = "sandbox", "sandbox-api-key"


def eventually(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


class Customer:
    """Talks to a sandbox as a customer's program does."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()

    def call(self, method: str, http: str = "POST", path: str | None = None, **fields: str) -> requests.Response:
        """Call a method of the gateway with the right account and key, unless ``fields`` say otherwise."""
        fields = {"method": method, "account": ACCOUNT, "password": KEY} | fields
        url = self.sandbox.base_url if path is None else self.sandbox.url + path
        if http == "GET":
            return self.session.get(url, params=fields, timeout=5)
        return self.session.post(url, data=fields, timeout=5)

    def submit(self, mobile: str = "13712345678", content: str = "您好", **fields: str) -> dict[str, Any]:
        """Submit with JSON and return the answer."""
        answer = self.call("Submit", format="json", mobile=mobile, content=content, **fields)
        assert answer.status_code == 200
        value: dict[str, Any] = answer.json()
        return value

    def post(self, path: str, value: object, **headers: str) -> requests.Response:
        """POST JSON to the control interface."""
        return self.session.post(self.sandbox.url + path, json=value, headers=headers, timeout=5)

    def get(self, path: str, **headers: str) -> requests.Response:
        """GET from the page or the control interface."""
        return self.session.get(self.sandbox.url + path, headers=headers, timeout=5)


class MakeCustomer(Protocol):
    def __call__(self, **options: Unpack[OptionFields]) -> Customer: ...


@pytest.fixture
def make_customer() -> Iterator[MakeCustomer]:
    """Start sandboxes with options; they stop when the test ends."""
    with ExitStack() as stack:

        def make(**options: Unpack[OptionFields]) -> Customer:
            customer = Customer(stack.enter_context(Sandbox(**options)))
            stack.enter_context(customer.session)
            return customer

        yield make


@pytest.fixture(scope="session")
def shared_customer() -> Iterator[Customer]:
    with Sandbox(receipt_delay=0, slow=0.2) as sandbox:
        customer = Customer(sandbox)
        with customer.session:
            yield customer


@pytest.fixture
def customer(shared_customer: Customer) -> Customer:
    """A customer of a sandbox without push addresses, in which nothing has happened yet."""
    shared_customer.sandbox.reset()
    return shared_customer


class Site:
    """Takes pushes, and answers them from a list: status and body; ``success`` when the list has ended."""

    def __init__(self) -> None:
        self.pushes: list[tuple[str, dict[str, str]]] = []
        self.times: list[float] = []
        self.answers: list[tuple[int, bytes]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode("ascii")
                site.times.append(time.monotonic())
                site.pushes.append((self.path, dict(parse_qsl(body, keep_blank_values=True))))
                status, answer = site.answers.pop(0) if site.answers else (200, b"success")
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def options(self) -> OptionFields:
        """A sandbox's options that push everything here, quickly."""
        return {
            "receipt_url": f"{self.url}/receipt/",
            "reply_url": f"{self.url}/reply/",
            "template_url": f"{self.url}/template/",
            "receipt_delay": 0.02,
            "push_pauses": (0.05, 0.1),
        }


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, args=(0.02,))
    thread.start()
    yield site
    site.server.shutdown()
    thread.join()
    site.server.server_close()
