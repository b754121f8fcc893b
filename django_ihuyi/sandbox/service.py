"""The sandbox as an object: start, stop, inspect."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self, Unpack

from django_ihuyi.sandbox.control_api import ControlAPI
from django_ihuyi.sandbox.endpoints import Endpoints
from django_ihuyi.sandbox.options import OptionFields, Options
from django_ihuyi.sandbox.products import PRODUCTS, SMS
from django_ihuyi.sandbox.push_sender import Pusher
from django_ihuyi.sandbox.server import GatewayServer
from django_ihuyi.sandbox.state import PhoneReply, State, TakenMessage, Template

POLL = 0.02
"""Seconds between two looks at whether to stop."""


class Sandbox:
    """A stand-in gateway on loopback, for ``with``.

    >>> with Sandbox(account="demo", api_key="demo-key") as sandbox:
    ...     sandbox.base_url
    """

    def __init__(self, **options: Unpack[OptionFields]) -> None:
        """Make a sandbox; it listens once it is started.

        Args:
            options: The fields of :class:`~django_ihuyi.sandbox.options.Options`.

        Raises:
            ValueError: An option cannot work; see ``Options``.
        """
        self.options = Options(**options)
        self.state = State(self.options)
        self._pusher = Pusher(self.options.push_pauses, self.state.count)
        self._gateway = Endpoints(self.options, self.state, self._pusher)
        self._control = ControlAPI(self._gateway)
        self._server: GatewayServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen and answer, in threads of its own.

        Raises:
            OSError: The port is in use.
        """
        self._server = GatewayServer(self._gateway, self._control)
        self._pusher.start()
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL,), name="ihuyi-sandbox", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, end connections and pushes, and wait for all threads. A stopped sandbox stays stopped."""
        if self._server is None or self._thread is None:
            return
        self._pusher.stop()
        self._server.stop()
        self._thread.join()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def url(self) -> str:
        """The address of the phone page, without a slash at the end.

        Raises:
            RuntimeError: It is not running.
        """
        if self._server is None:
            raise RuntimeError("The sandbox is not running.")
        host = f"[{self.options.host}]" if ":" in self.options.host else self.options.host
        return f"http://{host}:{self._server.server_port}"

    @property
    def base_url(self) -> str:
        """The gateway's address, as ``BASE_URL`` and ``Client(base_url=...)`` want it.

        Raises:
            RuntimeError: It is not running.
        """
        return self.base_url_of(SMS.name)

    def base_url_of(self, product: str) -> str:
        """Return the address of a product.

        Args:
            product: ``"sms"``, ``"international"`` or ``"voice"``.

        Raises:
            RuntimeError: It is not running.
        """
        return self.url + PRODUCTS[product].path

    @property
    def messages(self) -> list[TakenMessage]:
        """The messages taken, the oldest first; the latest 10,000 of them."""
        with self.state.lock:
            return list(self.state.messages)

    @property
    def counts(self) -> dict[str, int]:
        """Complete counts of what was asked, taken and pushed, by the names that ``docs/sandbox.md`` explains."""
        with self.state.lock:
            return dict(self.state.counts)

    @property
    def balance(self) -> int:
        """The messages left."""
        return self.state.balance

    @balance.setter
    def balance(self, balance: int) -> None:
        self.state.set_balance(balance)

    def force(self, code: int | None) -> None:
        """Answer with one code until further notice; see ``Gateway.force``."""
        self._gateway.force(code)

    def reply(self, mobile: str, content: str) -> PhoneReply:
        """Answer from a phone; see ``Gateway.reply``."""
        return self._gateway.reply(mobile, content)

    def review_template(self, templateid: int, msg: str = "", *, passed: bool) -> Template:
        """Decide on a template; see ``Gateway.review``."""
        return self._gateway.review(templateid, msg, passed=passed)

    def reset(self) -> None:
        """Forget everything that was taken, heard and counted, and drop pushes that wait."""
        self._control.reset()
