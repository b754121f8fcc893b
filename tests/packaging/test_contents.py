"""What the sdist and the wheel carry, and what they do not."""

from __future__ import annotations

import os
import re
import sys
import tarfile
import zipfile
from hashlib import sha256
from pathlib import PurePosixPath

import pytest

from .distribution import Built, environment, names_in_wheel, run, source_files

PACKAGE = "django_ihuyi/"


def in_sdist(built: Built) -> set[str]:
    with tarfile.open(built.sdist) as archive:
        return {member.name.partition("/")[2] for member in archive if member.isfile()}


@pytest.mark.parametrize(
    "name",
    [
        "py.typed",
        "locale/zh_Hans/LC_MESSAGES/django.mo",
        "migrations/0001_initial.py",
        "management/commands/ihuyi_sandbox.py",
        "sandbox/phone/index.html",
        "sandbox/phone/phone.js",
        "static/django_ihuyi/admin.css",
        "verification/static/django_ihuyi/verification_code.js",
        "verification/templates/django_ihuyi/widgets/verification_code.html",
        "webhooks/migrations/0001_initial.py",
        "contrib/otp/migrations/0001_initial.py",
        "templates/admin/django_ihuyi/change_list.html",
    ],
)
def test_the_wheel_carries_each_kind_of_file(built: Built, name: str) -> None:
    assert PACKAGE + name in names_in_wheel(built.wheel)


def test_the_wheel_carries_the_package_and_nothing_else(built: Built) -> None:
    [metadata] = {name.partition("/")[0] for name in names_in_wheel(built.wheel) if ".dist-info/" in name}
    assert {name for name in names_in_wheel(built.wheel) if not name.startswith(f"{metadata}/")} == {
        name for name in source_files() if name.startswith(PACKAGE)
    }
    assert {f"{metadata}/licenses/LICENSE", f"{metadata}/METADATA"} <= names_in_wheel(built.wheel)


def test_every_catalogue_is_there_compiled(built: Built) -> None:
    catalogues = {name for name in source_files() if name.startswith(PACKAGE) and name.endswith(".po")}
    compiled = {str(PurePosixPath(name).with_suffix(".mo")) for name in catalogues}
    assert compiled <= names_in_wheel(built.wheel)


def test_the_wheel_is_the_same_from_the_sdist(built: Built) -> None:
    def read(path: os.PathLike[str]) -> dict[str, bytes]:
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    assert read(built.wheel) == read(built.wheel_from_sdist)


def test_two_builds_have_one_hash(built: Built) -> None:
    # Built from files with other times, in another directory, at another moment.
    first, second = (sha256(path.read_bytes()).hexdigest() for path in (built.wheel, built.wheel_from_sdist))
    assert first == second


def test_the_sdist_carries_every_file_of_the_project(built: Built) -> None:
    own = {name for name in in_sdist(built) if ".egg-info/" not in name} - {"PKG-INFO"}
    assert own == source_files() - {".gitignore"}


def test_the_tests_of_the_sdist_find_all_they_need(built: Built) -> None:
    env = environment(PYTHONDONTWRITEBYTECODE="1")
    collect = ["-m", "pytest", "--collect-only", "--quiet", "-p", "no:cacheprovider"]
    output = run(sys.executable, *collect, cwd=built.unpacked, env=env)
    assert re.search(r"^\d{3,} tests collected", output, re.MULTILINE), output
    where = (
        "import django_ihuyi, tests.packaging.distribution as b; print(django_ihuyi.__file__, len(b.source_files()))"
    )
    path, files = run(sys.executable, "-c", where, cwd=built.unpacked, env=env).split()
    assert path == str(built.unpacked / PACKAGE / "__init__.py")
    assert int(files) == len(source_files() - {".gitignore"})


@pytest.mark.parametrize("complaint", ["Warning", "Deprecat", "no files found", "no directories found"])
def test_the_build_complains_of_nothing(built: Built, complaint: str) -> None:
    assert [line for line in built.log.splitlines() if complaint in line] == []
