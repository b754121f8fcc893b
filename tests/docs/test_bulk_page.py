"""The page of bulk sending: its snippets print what they say, its refusals and options are the code's."""

from __future__ import annotations

import re
from typing import Any

import pytest

from django_ihuyi import conf
from django_ihuyi.conf.validators import validate_queues
from django_ihuyi.management.commands.ihuyi_send import Command
from django_ihuyi.sending.bulk import DUPLICATE, UNUSABLE
from django_ihuyi.sending.single import OPTED_OUT

from .markdown_reader import blocks, code_in, read, tables

PAGE = "docs/bulk.md"


@pytest.mark.django_db
@pytest.mark.usefixtures("broker")
def test_the_snippets_print_what_they_say(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    for block in blocks(PAGE, "python"):
        exec(block.text, names)
    assert capsys.readouterr().out.splitlines() == ["2 {'queued': 2}", "2 406", "3 4083", "2"]
    assert validate_queues(names["QUEUES"]) is None


def test_the_codes_of_its_own() -> None:
    assert [code_in(row[0]) for row in tables(PAGE)[0][1:]] == [str(OPTED_OUT), str(DUPLICATE), str(UNUSABLE)]


def test_the_workers_take_all_queues_between_them() -> None:
    [console] = [block.text for block in blocks(PAGE, "console") if "celery" in block.text]
    taken = [queue for queues in re.findall(r"-Q (\S+)", console) for queue in queues.split(",")]
    assert sorted(taken) == ["campaigns", "celery", "codes"]


def test_options_and_settings_exist() -> None:
    text = read(PAGE)
    options = {"--" + name.replace("_", "-") for name in vars(Command().create_parser("", "x").parse_args([]))}
    assert set(re.findall(r"--[a-z][a-z-]+", text)) <= options
    assert {"CONCURRENCY", "RATE_LIMIT"} <= {name.upper() for name in conf.AccountSettings.__dataclass_fields__}
