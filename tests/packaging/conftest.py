"""The distributions and the stranger's site, each made once for all tests of this directory."""

from __future__ import annotations

import pytest

from .distribution import Built, build
from .wheel_site import Site, install, start_project


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sdist and the wheels, built from a clean copy."""
    return build(tmp_path_factory.mktemp("distributions"))


@pytest.fixture(scope="session")
def site(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A stranger's site on the wheel that came from the sdist."""
    python = install(built.wheel_from_sdist, tmp_path_factory.mktemp("environment"))
    return start_project(python, tmp_path_factory.mktemp("site"))
