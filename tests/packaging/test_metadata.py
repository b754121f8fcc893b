"""What the wheel says of itself, and that the places that say it agree."""

from __future__ import annotations

import re
import shutil
import sys
import zipfile
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import django_ihuyi

from .distribution import ADDRESS, ROOT, Built, run


@pytest.fixture(scope="module")
def metadata(built: Built) -> Message:
    with zipfile.ZipFile(built.wheel) as archive:
        [name] = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode())


def values(metadata: Message, name: str) -> list[str]:
    return [str(value) for value in metadata.get_all(name, [])]


def versions(metadata: Message, of: str) -> list[Version]:
    found = (re.fullmatch(rf"{of} :: (\d+\.\d+)", value) for value in values(metadata, "Classifier"))
    return sorted(Version(match[1]) for match in found if match)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Name", "django-ihuyi"),
        ("Version", django_ihuyi.__version__),
        ("License-Expression", "MIT"),
        ("Requires-Python", ">=3.11"),
        ("Description-Content-Type", "text/markdown"),
    ],
)
def test_fields(metadata: Message, name: str, value: str) -> None:
    assert metadata[name] == value


def _targets(page: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)", re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL))


def test_each_link_of_the_page_leads_to_a_file_of_this_version(metadata: Message) -> None:
    page = str(metadata.get_payload())
    targets = _targets(page)
    assert targets
    assert [target for target in targets if not re.match("https?://", target)] == []
    base = f"{re.escape(ADDRESS)}/(blob|raw)/v{re.escape(django_ihuyi.__version__)}"
    files = [match for match in (re.fullmatch(rf"{base}/([^#]+)(#.+)?", target) for target in targets) if match]
    assert len(files) > 20
    for match in files:
        assert (ROOT / match[2]).is_file()
        assert (match[1] == "raw") == match[2].endswith(".png")


def test_the_page_says_what_the_readme_says(metadata: Message) -> None:
    base = rf"{re.escape(ADDRESS)}/(blob|raw)/v[^/]+/"
    assert re.sub(base, "", str(metadata.get_payload())).strip() == (ROOT / "README.md").read_text("utf-8").strip()


def test_where_the_project_lies(metadata: Message) -> None:
    told = dict(value.split(", ") for value in values(metadata, "Project-URL"))
    assert set(told) == {"Documentation", "Source", "Changelog", "Issues"}
    assert all(address.startswith(ADDRESS) for address in told.values())


def test_a_build_that_is_told_no_address_names_none(tmp_path: Path) -> None:
    for name in ("setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "django_ihuyi").mkdir()
    shutil.copy(ROOT / "django_ihuyi" / "__init__.py", tmp_path / "django_ihuyi")
    (tmp_path / "out").mkdir()
    prepare = "from setuptools.build_meta import prepare_metadata_for_build_wheel as prepare; print(prepare('out'))"
    run(sys.executable, "-c", prepare, cwd=tmp_path)
    [file] = tmp_path.glob("out/*.dist-info/METADATA")
    told = HeaderParser().parsestr(file.read_text("utf-8"))
    assert values(told, "Project-URL") == []
    assert [target for target in _targets(str(told.get_payload())) if not re.match("https?://", target)] == []


def test_the_changelog_begins_with_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    [head, *_] = re.findall(r"^## (.+)$", text, re.MULTILINE)
    version = Version(django_ihuyi.__version__)
    if version.is_devrelease:
        assert head == "[Unreleased]"
    else:
        assert re.fullmatch(rf"\[{re.escape(str(version))}\] - \d{{4}}-\d\d-\d\d", head)


def test_the_python_classifiers_begin_where_the_requirement_does(metadata: Message) -> None:
    required = SpecifierSet(metadata["Requires-Python"])
    named = versions(metadata, "Programming Language :: Python")
    assert len(named) == 3
    assert all(str(version) in required for version in named)
    assert f"{named[0].major}.{named[0].minor - 1}" not in required


def test_the_django_classifiers_begin_where_the_requirement_does(metadata: Message) -> None:
    requirements = {item.name: item for item in map(Requirement, values(metadata, "Requires-Dist")) if not item.marker}
    named = versions(metadata, "Framework :: Django")
    assert [str(version) for version in named] == ["5.2", "6.0", "6.1"]
    assert str(requirements["Django"].specifier) == f">={named[0]}"


def test_the_lowest_python_is_the_one_that_the_tools_are_told(metadata: Message) -> None:
    lowest = str(versions(metadata, "Programming Language :: Python")[0])
    tools = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'python_version = "{lowest}"' in tools
    assert f'target-version = "py{lowest.replace(".", "")}"' in tools


def test_a_package_has_one_lower_bound_wherever_it_is_named(metadata: Message) -> None:
    stated: dict[str, set[str]] = {}
    for line in values(metadata, "Requires-Dist"):
        requirement = Requirement(line)
        stated.setdefault(requirement.name.lower(), set()).add(str(requirement.specifier))
    assert {name: bounds for name, bounds in stated.items() if len(bounds) > 1} == {}
