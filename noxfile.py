"""The matrix: each Python and Django of setup.cfg's classifiers, with the lowest and the newest of all other packages.

``make matrix`` runs all of it, ``.ci/run`` two of its corners. *Lowest* means just the versions that setup.cfg states,
so that a lower bound is something that was tried. The tests are those that need no server and no other process; what
takes long and depends little on versions runs in the corners only. With ``-- quick`` it does not run there either, and
each test runs with one set of its parameters. A Python that is not here is skipped by name.
"""

from __future__ import annotations

import configparser
import os
from itertools import product
from pathlib import Path

import nox

# The session's packages come from uv: it alone can choose the lowest versions. It shall not fetch Pythons.
nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = False
os.environ["UV_PYTHON_DOWNLOADS"] = "never"

# In front of pyenv's shims, which are there for every version and run only the chosen ones.
_PYENVS = sorted(Path("~/.pyenv/versions").expanduser().glob("3.*/bin"))
os.environ["PATH"] = os.pathsep.join([*map(str, _PYENVS), os.environ["PATH"]])


def _classified(name: str) -> list[str]:
    """Return the versions of Python or Django that the classifiers name, lowest first."""
    config = configparser.ConfigParser()
    config.read(Path(__file__).with_name("setup.cfg"), "utf-8")
    lines = config["metadata"]["classifiers"].splitlines()
    versions = [line.rpartition(" :: ")[2] for line in lines if line.startswith(f"{name} :: ")]
    return sorted((version for version in versions if "." in version), key=_number)


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _is_possible(python: str, django: str) -> bool:
    """Whether that Django can be installed on that Python: 6.0 and newer need 3.12."""
    return _number(django) < (6, 0) or _number(python) >= (3, 12)


PYTHONS = _classified("Programming Language :: Python")
DJANGOS = _classified("Framework :: Django")
MATRIX = [
    (python, django, versions)
    for python, django, versions in product(PYTHONS, DJANGOS, ("lowest", "newest"))
    if _is_possible(python, django)
]
CORNERS = (MATRIX[0], MATRIX[-1])
LONG = ("attack", "docs", "example", "golden", "migrations", "packaging", "races")
"""Directories of tests that start processes, simulate at length, build and install, or compare what libraries print."""


@nox.session
@nox.parametrize(
    ("python", "django", "versions"),
    [nox.param(*cell, id="-".join((cell[2], *cell[:2]))) for cell in MATRIX],
)
def tests(session: nox.Session, django: str, versions: str) -> None:
    """Run the tests on one Python and Django, with the lowest or the newest versions of all else.

    Args:
        session: The environment; what else pytest is given stands behind ``--`` on nox's command line, or ``quick``.
        django: The release of Django, as ``5.2``.
        versions: ``lowest`` or ``newest``.
    """
    quick = "quick" in session.posargs
    resolution = "lowest-direct" if versions == "lowest" else "highest"
    session.install("--upgrade", "--resolution", resolution, "--editable", ".[demo,test]", f"Django=={django}.*")
    # tests/packaging installs wheels into environments of its own with it.
    session.install("pip")
    session.run("python", "-c", "import django, platform; print(platform.python_version(), django.__version__)")
    session.run(
        "python",
        # pytest makes errors of all warnings but those that come before it reads its options, at the import of plugins.
        *("-W", "error::DeprecationWarning:celery", "-W", "error::DeprecationWarning:django"),
        *("-m", "pytest", "-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder"),
        *("-m", "not e2e and not service"),
        *(f"--ignore=tests/{name}" for name in LONG if quick or (session.python, django, versions) not in CORNERS),
        *(("--parameters", "1") if quick else ()),
        *(argument for argument in session.posargs if argument != "quick"),
        # Bad pushes are tried at length by `make test`; here it is enough to see that nothing behaves otherwise.
        env={"IHUYI_BAD_PUSHES": "100"},
    )
