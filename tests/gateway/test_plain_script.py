"""The documented script, as it stands in the documentation, in a process that knows no Django settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .secret_values import CONTENT, KEY, MOBILE, SECRETS
from .socket_server import ACCEPTED, StandIn, answers, hangs

PAGE = Path(__file__).parents[2] / "docs" / "plain-script.md"


def run(url: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    found = re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found
    script = tmp_path / "send.py"
    script.write_text(found[1], "utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    environment |= {"IHUYI_ACCOUNT": "cf_test", "IHUYI_API_KEY": KEY, "IHUYI_BASE_URL": url}
    return subprocess.run(
        [sys.executable, script, MOBILE, CONTENT],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env=environment,
    )


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        (ACCEPTED.replace(b"}", b',"num":1024}'), 0, "Accepted as 16165686731585006595. 1024 messages left."),
        (b'{"code":405,"msg":"words"}', 1, "Refused with code 405: The APIID or the APIKEY is wrong."),
        (b"<html></html>", 1, "It may have gone out"),
    ],
    ids=["accepted", "refused", "unreadable"],
)
def test_the_documented_script(
    stand_in: Callable[..., StandIn], tmp_path: Path, answer: bytes, status: int, told: str
) -> None:
    done = run(stand_in(answers(answer)).url, tmp_path)
    assert (done.returncode, told in done.stdout + done.stderr) == (status, True), done.stderr
    assert not any(secret in done.stdout + done.stderr for secret in SECRETS)


def test_the_documented_script_without_a_connection(stand_in: Callable[..., StandIn], tmp_path: Path) -> None:
    server = stand_in(hangs)
    server.close()
    done = run(server.url, tmp_path)
    assert (done.returncode, "Not sent, try again: no connection" in done.stderr) == (1, True), done.stderr
