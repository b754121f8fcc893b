"""Stand-in servers that end with their test, and an environment without proxies."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from django_ihuyi.gateway import ca_bundle, transport

from .socket_server import StandIn

LOOPBACK_PEM = Path(__file__).parent / "loopback.pem"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for scheme in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{scheme}_proxy", raising=False)
        monkeypatch.delenv(f"{scheme}_proxy".upper(), raising=False)
    for name in ca_bundle.NAMES:
        monkeypatch.delenv(name, raising=False)
    transport.close_sessions()
    yield
    transport.close_sessions()


@pytest.fixture
def stand_in() -> Iterator[Callable[..., StandIn]]:
    """Start stand-in servers."""
    started: list[StandIn] = []

    def start(*args: object, **kwargs: object) -> StandIn:
        started.append(StandIn(*args, **kwargs))  # type: ignore[arg-type]  # handed through
        return started[-1]

    yield start
    # The client's side first: a server that closes first leaves its port in TIME_WAIT.
    transport.close_sessions()
    for server in started:
        server.close()


@pytest.fixture(scope="session")
def server_tls() -> ssl.SSLContext:
    """A server's context with a certificate for localhost that nobody has signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(LOOPBACK_PEM)
    return context


@pytest.fixture
def refusing_port() -> Iterator[int]:
    """A port that refuses connections, and that nobody else gets meanwhile."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield int(sock.getsockname()[1])
