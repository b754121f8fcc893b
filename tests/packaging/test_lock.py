"""What CI installs: all that ``setup.cfg`` asks for, in versions that it allows, with hashes: ``make lock``."""

from __future__ import annotations

import configparser
import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .distribution import ROOT

LOCK = (ROOT / ".ci" / "lock.txt").read_text("utf-8")
PACKAGES = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([\w.]+)", LOCK, re.MULTILINE)


def required() -> dict[str, Requirement]:
    """What ``setup.cfg`` asks for, by name."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", "utf-8")
    texts = [config["options"]["install_requires"], *dict(config["options.extras_require"]).values()]
    found = [Requirement(line) for text in texts for line in text.splitlines() if line and not line.startswith("#")]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


@pytest.mark.parametrize("requirement", required().values(), ids=str)
def test_the_lock_has_what_is_asked_for(requirement: Requirement) -> None:
    # More than one where it depends on the Python.
    versions = [version for name, version in PACKAGES if name == canonicalize_name(requirement.name)]
    assert versions
    assert [version for version in versions if not requirement.specifier.contains(version)] == []


def test_every_package_has_a_hash() -> None:
    entries = re.split(r"\n(?=\w)", LOCK)[1:]
    assert len(entries) == len(PACKAGES)
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_it_names_no_registry() -> None:
    assert re.findall(r"https?://\S+|--(?:extra-)?index-url|--find-links|file:", LOCK) == []
