"""What real web servers write about pushes: everything but the token, in their own form."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.pushes.push_client import FORM, RECEIPT, TOKEN, url

from .processes import wait_for
from .web_servers import COMMANDS, WebServer, serve

pytestmark = pytest.mark.e2e

REQUESTS = [
    ("POST", url("receipt"), 200),
    ("POST", url("receipt").rstrip("/"), 200),
    ("GET", url("receipt"), 405),
    ("POST", url("nothing"), 404),
    ("PUT", url("nothing").rstrip("/"), 404),
    ("POST", f"/ihuyi/push/{TOKEN}", 404),
    ("POST", f"{url('receipt')}?token={TOKEN[:4]}", 200),
    ("POST", "/wrong" + url("receipt"), 404),
    ("POST", url("receipt", TOKEN[:-1] + "x"), 404),
]
LINES = {
    "gunicorn": r'"(\w+) \S*/push/\*\*\*\S* HTTP/1\.1" (\d+)',
    "gunicorn threads": r"^(\w+) \S*/push/\*\*\*\S* (\d+) -$",
    "uvicorn": r'"(\w+) \S*/push/\*\*\*\S* HTTP/1\.1" (\d+)',
    "runserver": r'"(\w+) \S*/push/\*\*\*\S* HTTP/1\.1" (\d+)',
}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_log_of_a_web_server__after_pushes__has_each_and_no_token(name: str, tmp_path: Path) -> None:
    with serve(name, tmp_path) as server:
        for method, path, status in REQUESTS:
            answer = server.request(method, path, urlencode(RECEIPT).encode(), {"Content-Type": FORM})
            assert (path, answer.status) == (path, status)

        def lines(server: WebServer = server) -> list[tuple[str, str]]:
            return re.findall(LINES[name], server.log(), re.MULTILINE)

        wait_for(lambda: len(lines()) >= len(REQUESTS), "the last line of the log")
        # Threads may write the lines of two requests in another order.
        assert sorted(lines()) == sorted((method, str(status)) for method, _path, status in REQUESTS)
        assert TOKEN[:-1] not in server.log()
        assert "Logging error" not in server.log()
        assert "Traceback" not in server.log()
