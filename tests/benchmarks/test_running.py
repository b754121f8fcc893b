"""Each measurement runs, with few rows: what it prints means nothing here, and how long it takes neither."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import FIGURES, PARTS
from tests.e2e.processes import clean_environment

pytestmark = [pytest.mark.e2e, pytest.mark.service("post_office")]

ROOT = Path(__file__).parents[2]
SERVERS = ("POSTGRESQL", "MARIADB", "REDIS", "RABBITMQ")
PROGRAMS = {
    "offer_code_timing": ["offer_code, postgresql, known, 5 calls:", "offer_code, mariadb, others, 5 calls:"],
    "purging": ["texts: nothing left to do", "peak memory:"],
    "migrating": ["sqlite, 2,000 messages:", "postgresql, 2,000 messages:", "mariadb, 2,000 messages:"],
    "admin_pages": ["conversation of many messages", "export of 12,000 rows as XLSX"],
    "soak": ["20 messages and receipts a second for 5 s"],
}
"""What is measured by a program of its own, with some of what it prints."""
ENDS_IN = {"admin_pages": {0, 1}, "soak": {0, 1}, "migrating": {0, 1}}
"""Their exit status says whether the figures are good, too."""


def run(
    module: str, *arguments: str, folder: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a measurement with few rows."""
    own = {name: value for name, value in os.environ.items() if name.startswith("IHUYI_TEST_")}
    environment = clean_environment() | own | {"BENCH_FEW": "1", "PYTHONPATH": str(ROOT)} | (environment or {})
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, encoding="utf-8", timeout=600, check=False
    )


def names(figures: list[dict[str, str]], part: str) -> set[tuple[str, str]]:
    """Return what a part measures, without its numbers."""
    return {
        (re.sub(r"[\d,]+", "#", one["what"]), re.sub(r"[\d,]+", "#", one["other"]))
        for one in figures
        if one["part"] == part
    }


def test_every_measurement__has_its_test() -> None:
    programs = [path for path in (ROOT / "benchmarks").glob("*.py") if "raise SystemExit(main(" in path.read_text()]
    # message_trace measures no time, and has tests of its own.
    assert {path.stem for path in programs} - {"__main__", "message_trace"} <= PROGRAMS.keys()


@pytest.mark.service("postgresql")
@pytest.mark.service("redis")
@pytest.mark.service("rabbitmq")
@pytest.mark.parametrize("part", PARTS)
def test_part__with_few__writes_the_figures_that_the_documents_have(tmp_path: Path, part: str) -> None:
    done = run("benchmarks", part, "--write", str(tmp_path / "figures.json"), folder=tmp_path)

    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert all(figure["ours"] >= 0 and figure["turns"] > 0 for figure in found["figures"])
    documented = json.loads(FIGURES.read_text("utf-8"))["figures"]
    assert set() < names(found["figures"], part) <= names(documented, part)
    assert found["software"].keys() >= {"Python", "Django", "PostgreSQL", "Redis", "RabbitMQ"}


@pytest.mark.service("postgresql")
@pytest.mark.service("mariadb")
@pytest.mark.service("redis")
@pytest.mark.parametrize("program", PROGRAMS)
def test_program__with_few__measures(tmp_path: Path, program: str) -> None:
    done = run(f"benchmarks.{program}", folder=tmp_path)

    assert done.returncode in ENDS_IN.get(program, {0}), done.stderr
    assert "Traceback" not in done.stderr
    assert [text for text in PROGRAMS[program] if text not in done.stdout] == []


@pytest.mark.parametrize("program", ["", *(f".{name}" for name in PROGRAMS)])
def test_measurement__without_servers__says_which_are_missing(tmp_path: Path, program: str) -> None:
    # Port 9 of this machine: nobody listens there.
    nowhere = {f"IHUYI_TEST_{name}_URL": f"{name.lower()}://127.0.0.1:9/nowhere" for name in SERVERS}

    done = run(f"benchmarks{program}", folder=tmp_path, environment=nowhere)

    assert done.returncode == 3, done.stderr
    assert "not available: postgresql: " in done.stdout
    assert done.stderr == ""
