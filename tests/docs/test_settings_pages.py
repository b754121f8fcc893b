"""The pages of settings say which are required, and number the checks as the code does.

That they have the names, types and defaults of the code is what ``test_reference_pages`` sees to.
"""

from __future__ import annotations

import re

import pytest

from docs.builder.settings import SECTIONS

from .markdown_reader import ROOT, code_in, read, tables


@pytest.mark.parametrize("page", ["docs/settings.md", "docs/zh-hans/settings.md"])
def test_the_page_says_which_settings_are_required(page: str) -> None:
    said = re.findall(r"^- `([A-Z_]+): [^`]+`[.。] ?(?:Required|必填)[.。]", read(page), re.MULTILINE)
    assert said == [setting.name for section in SECTIONS for setting in section if setting.default is None]


@pytest.mark.parametrize("page", ["docs/settings.md", "docs/zh-hans/settings.md"])
def test_the_checks(page: str) -> None:
    sources = [path.read_text("utf-8") for path in (ROOT / "django_ihuyi").glob("**/*.py")]
    in_code = set(re.findall(r'"(?:django_ihuyi\.)?([EW]\d{3})"', "".join(sources)))
    assert {code_in(row[0]) for row in tables(page)[-1][1:]} == in_code
