"""The pages that are made of the code are what the code makes of them, and name all that can be called."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.dispatch import Signal

import django_ihuyi.gateway
import django_ihuyi.testing
from django_ihuyi import exceptions, signals
from docs.builder import commands, reference, settings
from docs.builder.markdown import table

from .markdown_reader import read


def test_the_pages_made_of_the_code_are_up_to_date(tmp_path: Path) -> None:
    names = reference.write(tmp_path)
    assert len(names) == 8
    for name in names:
        assert read(name) == (tmp_path / name).read_text("utf-8"), "run make reference"


def test_a_setting_of_another_type_or_default_is_written_anew() -> None:
    text = read("docs/settings.md")
    spoilt = text.replace("`RECEIPT_WINDOW_HOURS: int = 72`", "`RECEIPT_WINDOW_HOURS: str = 'x'`")
    assert spoilt != text
    assert settings.page(spoilt) == text


def test_a_setting_that_nothing_is_said_of_is_missed() -> None:
    text = read("docs/settings.md").replace("- `RECEIPT_WINDOW_HOURS: int = 72`", "- `GONE: int = 72`")
    with pytest.raises(LookupError, match="RECEIPT_WINDOW_HOURS"):
        settings.page(text)


def test_every_help_text_is_there_in_chinese() -> None:
    assert commands.untranslated() == set()


def test_a_table_keeps_its_cells_apart() -> None:
    assert table(["a", "b"], [["x|y", "two\nlines"]]) == "| a | b |\n|---|---|\n| x\\|y | two lines |"


NAMES = {
    "": {*django_ihuyi.__all__} - {"__version__"},
    "exceptions": {
        name for name, value in vars(exceptions).items() if getattr(value, "__module__", "") == exceptions.__name__
    },
    "gateway": {*django_ihuyi.gateway.__all__} - {"ACCEPTED", "CODES"},
    # outbox is an object, and described with its class.
    "testing": {*django_ihuyi.testing.__all__} - {"outbox"},
}


@pytest.mark.parametrize("part", NAMES)
def test_the_page_names_all_that_can_be_called(part: str) -> None:
    named = re.findall(rf"^\.\. auto\w+:: django_ihuyi\.{part}[\w.]*?(\w+)$", read("docs/python.md"), re.MULTILINE)
    assert NAMES[part] - set(named) == set()
    assert NAMES[part]


def test_every_signal_is_documented_by_its_module() -> None:
    assert ".. automodule:: django_ihuyi.signals" in read("docs/python.md")
    source = Path(signals.__file__).read_text("utf-8")
    documented = set(re.findall(r'^(\w+) = Signal\(\)\n"""', source, re.MULTILINE))
    assert documented == {name for name, value in vars(signals).items() if isinstance(value, Signal)}
