"""``ihuyi_sandbox`` as a process: addresses, signals, a port in use, and what it takes from the site's settings."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
import requests
from django.core.management import CommandError, call_command
from pytest_django import Settings

from django_ihuyi.management.commands.ihuyi_sandbox import Command, site_defaults

ROOT = Path(__file__).parents[2]
KEY = "0123456789abcdef0123456789abcdef"


@contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """Run the command; give the process, the gateway's address and the lines up to it."""
    command = [sys.executable, "-W", "error", "-m", "django", "ihuyi_sandbox", "--port", "0", *arguments]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.sandbox.site_settings", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as running:
        assert running.stdout is not None
        lines = []
        for line in running.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        try:
            [url] = re.findall(r"http://\S+sms\.php", "".join(lines))
            yield running, url, lines
        finally:
            running.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_start_submit_stop(number: signal.Signals) -> None:
    fields = {"method": "Submit", "account": "cf_tests", "password": KEY, "mobile": "13712345678", "content": "秘密"}
    with process() as (running, url, lines):
        assert "<code>2</code>" in requests.post(url, data=fields, timeout=5).text
        running.send_signal(number)
        rest, _ = running.communicate(timeout=10)

    assert running.returncode == 0
    assert "POST Submit 200 code=2" in rest
    output = "".join(lines) + rest
    assert "Account:     cf_tests" in output
    assert not any(word in output for word in (KEY, "秘密", "13712345678", "tests-push-token", "Traceback"))


def test_quiet() -> None:
    with process("--verbosity", "0", "--account", "mine", "--api-key", "mine-key") as (running, url, lines):
        requests.get(url, {"method": "GetNum", "account": "mine", "password": "mine-key"}, timeout=5)
        running.terminate()
        assert running.communicate(timeout=10)[0] == ""
    assert "Account:     mine" in "".join(lines)


def test_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} on 127.0.0.1 is in use"):
            call_command("ihuyi_sandbox", port=port)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"host": "0.0.0.0"}, "loopback"),
        ({"push_url": "http://example.com/push/"}, "Push URLs"),
        ({"balance": -1}, "negative"),
        ({"push_pause": -1.0}, "negative"),
        ({"signature": "一"}, "signature"),
        ({"port": 65536}, "port"),
        ({"port": -1}, "port"),
    ],
    ids=str,
)
def test_options_that_cannot_work(options: dict[str, Any], text: str) -> None:
    with pytest.raises(CommandError, match=text):
        call_command("ihuyi_sandbox", **options)


def test_address_that_cannot_be_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ports below 1024 are not everybody's; the operating system's refusal is passed on in its words."""

    def bind(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", bind)
    with pytest.raises(CommandError, match="port 80: Permission denied"):
        call_command("ihuyi_sandbox", port=80)


def test_signal_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CommandError):
        call_command("ihuyi_sandbox", port=taken.getsockname()[1])

    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.parametrize(
    ("site", "defaults"),
    [
        (None, {}),
        ({}, {}),
        (
            {"ACCOUNTS": {"default": {"ACCOUNT": "a", "API_KEY": ""}}, "PUSH_TOKENS": ["t"]},
            {"push_url": "http://127.0.0.1:8000/ihuyi/push/t/"},
        ),
        (
            {
                "ACCOUNTS": {"default": {"ACCOUNT": "a", "API_KEY": "k", "SIGNATURE": "我的店"}},
                "PUSH_TOKENS": ["t", "u"],
            },
            {
                "account": "a",
                "api_key": "k",
                "signature": "我的店",
                "push_url": "http://127.0.0.1:8000/ihuyi/push/t/",
            },
        ),
    ],
    ids=["none", "empty", "no key", "all"],
)
def test_site_defaults(settings: Settings, site: Any, defaults: dict[str, str]) -> None:
    if site is None:
        del settings.IHUYI
    else:
        settings.IHUYI = site

    assert site_defaults() == defaults


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run the command in this process and send it a signal as soon as it waits."""

    def run(**options: Any) -> str:
        out = StringIO()
        timer = Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM))
        timer.start()
        call_command("ihuyi_sandbox", port=0, stdout=out, **options)
        timer.join()
        return out.getvalue()

    return run


def test_in_process_without_settings(answered: Callable[..., str], settings: Settings) -> None:
    del settings.IHUYI

    output = answered()

    assert "Account:     sandbox" in output
    assert "Pushes go nowhere" in output


def test_in_process_with_a_push_url(answered: Callable[..., str]) -> None:
    assert "Pushes go to http://127.0.0.1:8765\n" in answered(push_url="http://127.0.0.1:8765/push/token")


def test_docs_have_the_same_options() -> None:
    parser = Command().create_parser("manage.py", "ihuyi_sandbox")
    known = {option for action in parser._actions for option in action.option_strings if len(option) > 2}
    general = {"--help", "--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color"}
    general |= {"--force-color", "--skip-checks"}
    docs = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^\| `(--[\w-]+)` ", docs, re.MULTILINE)) == known - general
