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
from threading import Thread
from typing import Any

import pytest
import requests
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connections
from pytest_django import Settings

from django_ihuyi.management.commands.ihuyi_sandbox import Command, site_defaults
from django_ihuyi.models import Template
from tests.sandbox.conftest import Site, eventually

ROOT = Path(__file__).parents[2]
KEY = "0123456789abcdef0123456789abcdef"


@contextmanager
def process(*arguments: str, **more: str) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """Run the command; give the process, the gateway's address and the lines up to it."""
    command = [sys.executable, "-W", "error", "-m", "django", "ihuyi_sandbox", "--port", "0", *arguments]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.sandbox.site_settings", "PYTHONUNBUFFERED": "1"}
    environment |= more
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
    # The database of these settings is empty.
    assert "Templates:   none of the site's registry, which cannot be read (OperationalError)" in output
    assert not any(word in output for word in (KEY, "秘密", "13712345678", "tests-push-token", "Traceback"))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_output__of_a_chinese_site_on_a_terminal_without_chinese__is_english(encoding: str) -> None:
    fields = {"method": "Submit", "account": "茶馆", "password": KEY, "mobile": "13712345678", "content": "秘密"}
    more = {"PYTHONIOENCODING": encoding, "SITE_LANGUAGE": "zh-hans"}
    with process("--account", "茶馆", **more) as (running, url, lines):
        assert "<code>2</code>" in requests.post(url, data=fields, timeout=5).text
        running.terminate()
        rest, _ = running.communicate(timeout=10)
    assert running.returncode == 0
    assert "Account:     \\u8336\\u9986" in "".join(lines)
    assert "POST Submit 200 code=2" in rest
    assert "Error" not in rest


@pytest.mark.measures_processes
def test_quiet() -> None:
    with process("--verbosity", "0", "--account", "mine", "--api-key", "mine-key") as (running, url, lines):
        requests.get(url, {"method": "GetNum", "account": "mine", "password": "mine-key"}, timeout=5)
        running.terminate()
        assert running.communicate(timeout=10)[0] == ""
    assert "Account:     mine" in "".join(lines)


@pytest.mark.django_db
def test_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} on 127.0.0.1 is in use"):
            call_command("ihuyi_sandbox", port=port)


@pytest.mark.django_db
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


@pytest.mark.django_db
def test_address_that_cannot_be_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ports below 1024 are not everybody's; the operating system's refusal is passed on in its words."""

    def bind(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", bind)
    with pytest.raises(CommandError, match="port 80: Permission denied"):
        call_command("ihuyi_sandbox", port=80)


@pytest.mark.django_db
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
def test_site_defaults(
    settings: Settings, site: Any, defaults: dict[str, str], delete_ihuyi: Callable[[], None]
) -> None:
    if site is None:
        delete_ihuyi()
    else:
        settings.IHUYI = site

    assert site_defaults() == defaults


@pytest.fixture
def answered() -> Callable[..., str]:
    """Run the command in this process, do something with the gateway's address, and send a signal."""

    def run(meanwhile: Callable[[str], object] = str, **options: Any) -> str:
        out = StringIO()

        def use() -> None:
            eventually(lambda: "Ctrl-C" in out.getvalue())
            try:
                meanwhile(re.findall(r"http://\S+sms\.php", out.getvalue())[0])
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        thread = Thread(target=use)
        thread.start()
        call_command("ihuyi_sandbox", port=0, stdout=out, **options)
        thread.join()
        return out.getvalue()

    return run


def ask(url: str, method: str, **fields: str) -> Any:
    """Ask a sandbox with the account of the tests' settings."""
    fields = {"method": method, "account": "cf_tests", "password": KEY, "format": "json", **fields}
    return requests.post(url, data=fields, timeout=5).json()


def test_in_process_without_settings(answered: Callable[..., str], delete_ihuyi: Callable[[], None]) -> None:
    delete_ihuyi()

    output = answered()

    assert "Account:     sandbox" in output
    assert "Templates:   0 of the site's registry, 0 of them passed\n" in output
    assert "Pushes go nowhere" in output


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("push_url", "shown"),
    [
        ("http://127.0.0.1:8765/push/token", "http://127.0.0.1:8765/push/***/"),
        ("http://127.0.0.1:8765/sms/push/token/abroad/", "http://127.0.0.1:8765/sms/push/***/"),
        ("http://127.0.0.1:8765/hook/token", "http://127.0.0.1:8765/***/"),
        ("http://127.0.0.1:8320", "http://127.0.0.1:8320/ihuyi/push/***/"),
        ("http://127.0.0.1:8320/", "http://127.0.0.1:8320/ihuyi/push/***/"),
        (None, "http://127.0.0.1:8000/ihuyi/push/***/"),
    ],
)
def test_where_pushes_go_is_shown_without_the_token(
    answered: Callable[..., str], push_url: str | None, shown: str
) -> None:
    assert f"Pushes go to {shown}\n" in answered(push_url=push_url)


@pytest.mark.django_db
def test_a_push_url_without_a_path_has_the_sites(answered: Callable[..., str], settings: Settings, site: Site) -> None:
    def submit(url: str) -> None:
        ask(url, "Submit", mobile="13712345678", content="您好")
        eventually(lambda: site.pushes)

    output = answered(submit, push_url=site.url, receipt_delay=0.0)

    assert [path for path, _fields in site.pushes] == [f"/ihuyi/push/{settings.PUSH_TOKEN}/receipt/"]
    assert settings.PUSH_TOKEN not in output


@pytest.mark.django_db
def test_a_push_url_without_a_path_where_there_is_no_token(answered: Callable[..., str], settings: Settings) -> None:
    settings.IHUYI = settings.IHUYI | {"PUSH_TOKENS": []}

    assert "Pushes go to http://127.0.0.1:8320/\n" in answered(push_url="http://127.0.0.1:8320")


@pytest.mark.django_db
def test_templates_of_the_registry(answered: Callable[..., str], settings: Settings) -> None:
    account = settings.IHUYI["ACCOUNTS"]["default"]
    others = {"twin": account, "other": {**account, "ACCOUNT": "cf_other"}, "broken": {**account, "API_KEY": ""}}
    settings.IHUYI = settings.IHUYI | {"ACCOUNTS": {"default": account, **others}}
    rows = [
        ("default", "1001", "passed"),
        ("twin", "1002", "in_review"),
        ("default", "1003", "refused"),
        ("default", "1", "passed"),
        ("default", "1234567890", "passed"),
        ("default", "T-7", "passed"),
        ("default", None, "in_review"),
        ("default", None, "draft"),
        ("other", "1004", "passed"),
        ("broken", "1005", "passed"),
        ("gone", "1006", "passed"),
    ]
    for number, (alias, template_id, state) in enumerate(rows):
        Template.objects.create(
            name=f"t{number}", account=alias, template_id=template_id, state=state, text=f"第【变量】份，{number}。"
        )
    answers: list[Any] = []

    def use(url: str) -> None:
        for mobile, template in (("13712345678", "1001"), ("13712345679", "1002"), ("13712345670", "1")):
            answers.append(ask(url, "Submit", mobile=mobile, content="7", templateid=template)["code"])
        answers.append(ask(url, "AddTemplate", content="一")["templateid"])

    output = answered(use, push_url="http://127.0.0.1:9")

    assert "Templates:   3 of the site's registry, 1 of them passed\n" in output
    assert answers == [2, 4072, 2, 1004]


@pytest.mark.django_db(transaction=True)
def test_the_database_is_left_alone_once_it_is_read(answered: Callable[..., str]) -> None:
    database, kept = connections["default"], []

    answered(lambda _url: kept.append(database.connection))

    assert kept == [None]


@pytest.mark.django_db
def test_a_site_without_a_database(answered: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ImproperlyConfigured

    monkeypatch.setattr(connections["default"], "cursor", refuse)

    assert "none of the site's registry, which cannot be read (ImproperlyConfigured)\n" in answered()


@pytest.mark.django_db
@pytest.mark.parametrize(("verbosity", "told"), [(1, False), (2, True)])
def test_the_pages_polling_is_told_at_verbosity_2(answered: Callable[..., str], verbosity: int, told: bool) -> None:
    def look(url: str) -> None:
        requests.get(url.replace("/webservice/sms.php", "/sandbox/feed"), timeout=5)
        ask(url, "GetNum")

    output = answered(look, verbosity=verbosity)

    assert "POST GetNum 200 code=2" in output
    assert ("GET control 200" in output) is told


def test_docs_have_the_same_options() -> None:
    parser = Command().create_parser("manage.py", "ihuyi_sandbox")
    known = {option for action in parser._actions for option in action.option_strings if len(option) > 2}
    general = {"--help", "--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color"}
    general |= {"--force-color", "--skip-checks"}
    docs = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^\| `(--[\w-]+)` ", docs, re.MULTILINE)) == known - general
