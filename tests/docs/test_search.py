"""The search of a Chinese site finds words in the middle of sentences, in a real browser."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests import services

from .markdown_reader import ROOT
from .screenshots import FLAGS

CONF = 'extensions = ["myst_parser", "docs.builder.search"]\nlanguage = "zh_CN"\nroot_doc = "index"\n'
PAGES = {
    "index": "# 短信\n\n```{toctree}\nbalance\ncodes\n```\n",
    "balance": "# 余额\n\n账号没有余额就发不出短信：验证码会过期。`check_balance` 每十分钟运行一次。\n",
    "codes": "# 返回码\n\n剩余条数不足。验证的码不是它。\n",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("sphinx", reason="the extra docs is not installed")
    source = tmp_path_factory.mktemp("source")
    for name, text in PAGES.items():
        (source / f"{name}.md").write_text(text, "utf-8")
    (source / "conf.py").write_text(CONF, "utf-8")
    subprocess.run([sys.executable, "-m", "sphinx", "-W", "-q", source, source / "built"], cwd=ROOT, check=True)
    return source / "built"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with (
        sync_playwright() as driver,
        closing(driver.chromium.launch(executable_path=services.chromium(), args=FLAGS)) as browser,
    ):
        yield browser.new_page()


@pytest.mark.e2e
@pytest.mark.service("chromium")
@pytest.mark.parametrize(
    ("query", "found"),
    [("验证码", ["余额"]), ("条数不足", ["返回码"]), ("check_balance", ["余额"]), ("发送", [])],
)
def test_it_is_found(site: Path, page: Page, query: str, found: list[str]) -> None:
    page.goto(f"{(site / 'search.html').as_uri()}?q={query}")
    expect(page.locator("p.search-summary")).to_be_visible(timeout=20_000)
    assert page.locator("ul.search li > a").all_text_contents() == found
