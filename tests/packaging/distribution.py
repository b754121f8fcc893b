"""Building the distributions as a release would: from what is committed, in a copy that holds nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

# By default everything is taken from the environment that the tests run in, so that they are quick and need no
# network. With IHUYI_TRUE_INSTALL=1 the build backend and the dependencies are installed afresh, as pip does it for
# a stranger: what pyproject.toml and setup.cfg require is then all there is.
TRUE_INSTALL = os.environ.get("IHUYI_TRUE_INSTALL") == "1"

ADDRESS = "https://example.com/owner/django-ihuyi"
"""Where the distributions say that the source lies."""

_OURS = ("CELERY_", "COVERAGE_", "COV_", "DATABASE_", "DJANGO_", "IHUYI", "PYTEST_", "PYTHON")


def environment(**more: str) -> dict[str, str]:
    """Return the environment without what this test run put into it or would be changed by."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)} | more


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a command to its end.

    Args:
        command: The program and its arguments.
        cwd: Where it runs.
        env: Its environment; by default :func:`environment`.

    Returns:
        What it printed, on either stream.

    Raises:
        AssertionError: It failed; the text is what it printed.
    """
    done = subprocess.run(
        command,
        check=False,
        cwd=cwd,
        env=environment() if env is None else env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        timeout=600,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}"
    return done.stdout


def source_files() -> set[str]:
    """Return the paths of all files that belong to the project, relative to its root.

    In a checkout these are the committed ones and those that would be with ``git add .``; in an unpacked sdist, which
    has no git, those that the sdist lists.
    """
    if (ROOT / ".git").exists():
        listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\0")
    else:
        listed = (ROOT / "django_ihuyi.egg-info" / "SOURCES.txt").read_text("utf-8").splitlines()
    return {name for name in listed if "egg-info" not in name and (ROOT / name).is_file()}


@dataclass(frozen=True)
class Built:
    """The distributions, and what building them said."""

    sdist: Path
    unpacked: Path
    wheel: Path
    wheel_from_sdist: Path
    log: str


def names_in_wheel(wheel: Path) -> set[str]:
    """Return the paths of the files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def build(directory: Path) -> Built:
    """Build the sdist and the wheel from the project's files, and the wheel once more from the sdist.

    Args:
        directory: An empty directory to do it in.
    """
    tree = directory / "tree"
    for name in source_files():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tree / name)
    how = () if TRUE_INSTALL else ("--no-isolation",)
    command = (sys.executable, "-m", "build", *how, "--outdir")
    # As the release does it: whoever builds the same commit gets the same wheel, whenever and wherever that is.
    env = environment(SOURCE_DATE_EPOCH="1767225600", SOURCE_ADDRESS=ADDRESS)
    log = run(*command, directory / "direct", "--sdist", "--wheel", tree, cwd=directory, env=env)
    [sdist] = (directory / "direct").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        # Python before 3.11.4, as Debian 12 has it, knows neither the filter nor the argument.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(directory / "unpacked")
    [unpacked] = (directory / "unpacked").iterdir()
    shutil.copytree(unpacked, directory / "again")
    for path in (directory / "again").rglob("*"):
        path.touch()
    log += run(*command, directory / "indirect", "--wheel", directory / "again", cwd=directory, env=env)
    [wheel] = (directory / "direct").glob("*.whl")
    [wheel_from_sdist] = (directory / "indirect").glob("*.whl")
    return Built(sdist, unpacked, wheel, wheel_from_sdist, log)
