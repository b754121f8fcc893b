"""Real web servers in front of the test site, started as its operators start them."""

from __future__ import annotations

import base64
import http.client
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from example_project.processes import ROOT, Process, answers_http, stop

from .processes import clean_environment, free_ports, wait_for

_USER, _PASSWORD = "shop", "shop-password"
_MAKE = f"""
from django.contrib.auth.models import User
User.objects.create_superuser({_USER!r}, password={_PASSWORD!r})
"""
AUTHORIZATION = "Basic " + base64.b64encode(f"{_USER}:{_PASSWORD}".encode()).decode()

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "gunicorn": ("gunicorn", "tests.e2e.web_site:wsgi", "--bind=127.0.0.1:{port}", "--access-logfile=-"),
    "gunicorn threads": (
        *("gunicorn", "tests.e2e.web_site:wsgi", "--bind=127.0.0.1:{port}", "--threads=2"),
        *("--access-logfile=-", "--access-logformat=%(m)s %(U)s %(s)s %(f)s"),
    ),
    "uvicorn": ("uvicorn", "tests.e2e.web_site:asgi", "--port={port}"),
    "runserver": ("django", "runserver", "--noreload", "127.0.0.1:{port}"),
}
"""The arguments of ``python -m``, by a name."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    body: str


class WebServer:
    """A running server."""

    def __init__(self, port: int, process: Process) -> None:
        self._port = port
        self._process = process

    def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] = MappingProxyType({}),
        *,
        chunked: bool = False,
    ) -> Answer:
        """Make a request.

        Args:
            method: GET, POST ...
            path: What to ask for.
            body: What to send.
            chunked: Whether to send it in two chunks, without a length.
            headers: What else to send with it.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        fields = dict(headers)
        half = len(body) // 2
        try:
            if chunked:
                fields["Transfer-Encoding"] = "chunked"
                connection.request(method, path, iter([body[:half], body[half:]]), fields, encode_chunked=True)
            else:
                connection.request(method, path, body, fields)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode())
        finally:
            connection.close()

    def log(self) -> str:
        """Return what it has written so far."""
        return self._process.log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def serve(name: str, folder: Path) -> Iterator[WebServer]:
    """Start a server with an empty site behind it.

    Args:
        name: One of :data:`COMMANDS`.
        folder: For its database and its log.
    """
    [port] = free_ports(1)
    environment = {
        **clean_environment(),
        "DATABASE_URL": f"sqlite:///{folder}/site.sqlite3",
        "DJANGO_SETTINGS_MODULE": "tests.e2e.web_site",
    }
    for arguments in (("migrate", "--verbosity=0"), ("shell", "--no-imports", "--command", _MAKE)):
        command = [sys.executable, "-m", "django", *arguments]
        subprocess.run(command, env=environment, cwd=ROOT, check=True, timeout=120, stdin=subprocess.DEVNULL)
    command = [sys.executable, "-m", *(part.format(port=port) for part in COMMANDS[name])]
    process = Process(name, command, log=folder / "server.log", answers=answers_http(port))
    try:
        process.start(environment)
        wait_for(process.answers, f"the start of {name}", 60)
        yield WebServer(port, process)
    finally:
        stop([process], hurry=lambda: False)
