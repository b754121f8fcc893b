"""The files that one message crosses."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.message_trace import trace
from django_ihuyi.gateway.products import SMS

ROOT = Path(__file__).parents[2]
MOST_FILES = 22


def test_trace__of_a_call__counts_functions_of_the_package_only() -> None:
    calls = trace(lambda: SMS.normalize("13800138000"))
    assert next(iter(calls)) == "gateway/products/sms.py"
    assert all((ROOT / "django_ihuyi" / name).is_file() for name in calls)


def test_trace__of_an_action_that_raises__ends() -> None:
    def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        trace(fail)
    assert sys.getprofile() is None


@pytest.mark.e2e
@pytest.mark.parametrize(("arguments", "more"), [((), 0), (("--receipt",), 11)])
def test_message__from_send_sms_to_accepted__crosses_few_files(arguments: tuple[str, ...], more: int) -> None:
    """A reader has to open them all: what raises the number should be worth it."""
    command = [sys.executable, "-m", "benchmarks.message_trace", *arguments]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = re.search(r"^(\d+) files, (\d+) calls$", printed, re.MULTILINE)
    assert found is not None, printed
    assert int(found[1]) <= MOST_FILES + more
