"""The REST API of the example site against its own document, and a client that was generated from it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect

from example_project.processes import ROOT
from tests.docs.markdown_reader import blocks

from .processes import STAFF_MOBILE, STAFF_PASSWORD, Stack, new_mobile, wait_for

pytestmark = pytest.mark.e2e

PROGRAMS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def api_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The example site without rates and limits."""
    stack = Stack(tmp_path_factory.mktemp("api"), DJANGO_SETTINGS_MODULE="tests.e2e.api_settings")
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()
    assert stack.found_secrets() == []


def _schema_url(stack: Stack) -> str:
    return f"{stack.site_url}/ihuyi/api/v1/schema/"


def _run(*command: str | Path, cwd: Path) -> str:
    # The programs' colours and boxes fit a terminal of this width.
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "120", "PYTHONPATH": str(ROOT)}
    environment["PATH"] = f"{PROGRAMS}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        command, check=False, cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_api_does_what_its_document_says(api_stack: Stack, tmp_path: Path) -> None:
    config = Path(__file__).with_name("schemathesis.toml")
    told = _run(
        *(PROGRAMS / "schemathesis", "--config-file", config, "run", _schema_url(api_stack)),
        *("--checks", "all", "--auth", f"{STAFF_MOBILE}:{STAFF_PASSWORD}"),
        cwd=tmp_path,
    )
    assert "No issues found" in told
    log = (api_stack.logs / "site.log").read_text(encoding="utf-8")
    assert "Internal Server Error" not in log
    assert log.count('/ihuyi/api/v1/messages/ HTTP/1.1" 202') > 3, "nothing was sent: nothing is shown"


@pytest.mark.service("chromium")
def test_people_read_the_document_and_try_what_it_says(api_stack: Stack, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{api_stack.site_url}/admin/")
    page.locator("[name=username]").fill(STAFF_MOBILE)
    page.locator("[name=password]").fill(STAFF_PASSWORD)
    page.locator("[type=submit]").click()
    page.goto(f"{api_stack.site_url}/ihuyi/api/v1/docs/")
    call = page.locator("#operations-people-add_opt_out")
    call.get_by_role("button").first.click()
    call.get_by_role("button", name="Try it out").click()
    call.get_by_role("button", name="Execute").click()
    # Not 403: the page sends the session's CSRF token.
    expect(call.locator(".live-responses-table tbody .response-col_status")).to_have_text(re.compile("20[01]"))
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_generated_client_sends_a_message(
    api_stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = requests.get(_schema_url(api_stack), auth=(STAFF_MOBILE, STAFF_PASSWORD), timeout=20)
    (tmp_path / "sms.json").write_bytes(answer.content)
    [shell] = blocks("docs/api.md", "sh")
    program, *arguments = shell.text.splitlines()[-1].split()
    told = _run(PROGRAMS / program, *arguments, cwd=tmp_path)
    assert "Warning" not in told
    monkeypatch.syspath_prepend(tmp_path / "sms-client")
    monkeypatch.setenv("API_USER", STAFF_MOBILE)
    monkeypatch.setenv("API_PASSWORD", STAFF_PASSWORD)
    _settings, client = blocks("docs/api.md", "python")
    mobile = new_mobile()
    exec(client.text.replace("https://shop.example.com", api_stack.site_url).replace("13800138000", mobile), {})
    assert capsys.readouterr().out.endswith(" queued\n")
    [text] = wait_for(lambda: api_stack.texts(mobile), "the text on the phone")
    assert text["text"] == "您的订单 7 已发货。"
