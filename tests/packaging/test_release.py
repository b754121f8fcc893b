"""The workflow of a release, which runs nowhere but at a release: what can be said of it before."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import yaml

from .distribution import ROOT

TEXT = (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
WORKFLOW: dict[str, Any] = yaml.safe_load(TEXT)
JOBS: dict[str, dict[str, Any]] = WORKFLOW["jobs"]
COMMANDS = [line for step in JOBS["build"]["steps"] for line in step.get("run", "").splitlines()]


def test_each_action_is_a_commit_and_says_which_version_that_was() -> None:
    used = re.findall(r"uses: (.+)", TEXT)
    assert len(used) == sum("uses" in step for job in JOBS.values() for step in job["steps"])
    assert [line for line in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []
    assert len({line.partition("@")[0] for line in used}) == len(set(used)), "one version of each"


@pytest.mark.parametrize(
    ("job", "permissions"),
    [
        ("build", {"contents": "read"}),
        ("attest", {"attestations": "write", "id-token": "write"}),
        ("publish", {"id-token": "write"}),
    ],
)
def test_a_job_may_do_what_it_is_there_for(job: str, permissions: dict[str, str]) -> None:
    assert WORKFLOW["permissions"] == {}
    assert JOBS[job]["permissions"] == permissions


def test_what_runs_foreign_code_can_publish_nothing() -> None:
    """Tests and build backends run in the job that has no identity; the two others take what it made."""
    assert [name for name, job in JOBS.items() if any("run" in step for step in job["steps"])] == ["build"]
    assert (JOBS["attest"]["needs"], JOBS["publish"]["needs"]) == ("build", "attest")
    assert "secrets." not in TEXT


def test_what_it_makes_is_there() -> None:
    [makes] = [shlex.split(line)[1:] for line in COMMANDS if line.startswith("make ") and ".venv" not in line]
    rules = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert [target for target in makes if target not in rules] == []
    assert {".ci/system-packages", "make LOCKED=1 .venv/.test .venv/.dev .venv/.audit"} <= set(COMMANDS)
    tested = next(line for line in COMMANDS if "pytest" in line).split("pytest ")[1].split()
    assert [path for path in tested if not (ROOT / path).is_dir()] == []


def test_it_is_built_as_the_documents_say_that_anybody_can() -> None:
    page = (ROOT / "docs" / "upgrading.md").read_text("utf-8")
    for part in ("SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)", "python -m build --no-isolation", "SOURCE_ADDRESS="):
        assert part in page
        assert any(part in line for line in COMMANDS), part
