"""The documents' site: what its builder looks for is found, and its contents list every page in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.builder.pages import faults

from .markdown_reader import ROOT, read

FAULTS = [
    ("script", '<script src="https://cdn.example.com/x.js"></script>', "loads https://cdn.example.com/x.js"),
    ("font", '<link rel="stylesheet" href="//fonts.example.com/css">', "loads //fonts.example.com/css"),
    ("picture", '<img src="http://example.com/x.png">', "loads http://example.com/x.png"),
    ("style", "<style>@import 'https://example.com/x.css';</style>", "loads https://example.com/x.css"),
    ("url", '<p style="background: url(https://example.com/x.png)">', "loads https://example.com/x.png"),
    ("page", '<a href="gone.html">x</a>', "gone.html leads nowhere"),
    ("file", '<img src="gone.png">', "gone.png leads nowhere"),
    ("part", '<a href="other.html#gone">x</a>', "other.html#gone leads to a page that has no such part"),
    ("own part", '<a href="#gone">x</a>', "#gone leads to a page that has no such part"),
]


@pytest.mark.parametrize(("html", "fault"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_a_fault_of_a_page_is_found(tmp_path: Path, html: str, fault: str) -> None:
    (tmp_path / "other.html").write_text("<p id='here'>", "utf-8")
    (tmp_path / "page.html").write_text(html, "utf-8")
    assert faults(tmp_path) == [f"page.html: {fault}"]


def test_a_fault_of_a_style_sheet_is_found(tmp_path: Path) -> None:
    (tmp_path / "x.css").write_text('@font-face { src: url("https://example.com/x.woff2"); }', "utf-8")
    assert faults(tmp_path) == ["x.css: loads https://example.com/x.woff2"]


def test_a_page_without_a_fault(tmp_path: Path) -> None:
    (tmp_path / "other.html").write_text("<p id='这里'>", "utf-8")
    (tmp_path / "page.html").write_text(
        '<a href="other.html#%E8%BF%99%E9%87%8C">x</a> <a href="https://example.com/">x</a>'
        '<a href="mailto:a@b.cn">x</a><img src="data:image/png;base64,x"><a href="#top" id="top">x</a>',
        "utf-8",
    )
    assert faults(tmp_path) == []


def contents(index: str) -> list[list[str]]:
    """The pages that each part of an index lists."""
    lists = re.findall(r"^```\{toctree\}\n(?::[^\n]*\n)*\n(.+?)^```$", read(index), re.MULTILINE | re.DOTALL)
    return [pages.split() for pages in lists]


@pytest.mark.parametrize("folder", ["docs", "docs/zh-hans"])
def test_every_page_is_listed_once(folder: str) -> None:
    listed = [name for part in contents(f"{folder}/index.md") for name in part]
    assert sorted(listed) == sorted(path.stem for path in (ROOT / folder).glob("*.md") if path.stem != "index")


def test_chinese_is_searched_by_pairs_of_characters() -> None:
    pytest.importorskip("sphinx", reason="the extra docs is not installed")
    from docs.builder.search import terms

    assert terms("验证码 send_sms，不会。x") == ["验证", "证码", "send_sms", "不会", "x"]
    assert terms("码") == []
