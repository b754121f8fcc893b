"""The pytest plugin ``ihuyi``: fixtures over :mod:`django_ihuyi.testing`. pytest finds it by its entry point.

It is loaded in every run of an environment that has this package, so it imports nothing but pytest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

    from .sandbox import Sandbox
    from .testing import Outbox


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest of the marker."""
    config.addinivalue_line("markers", "ihuyi_gateway(**options): options of the sandbox behind `ihuyi_gateway`")


@pytest.fixture
def ihuyi_outbox(db: None) -> Iterator[Outbox]:
    """What went out: every account of the site sends here for the test."""
    from .testing import use_outbox

    with use_outbox() as outbox:
        yield outbox


@pytest.fixture
def ihuyi_gateway(request: pytest.FixtureRequest, live_server: LiveServer) -> Iterator[Sandbox]:
    """A sandbox gateway on a free port, which pushes receipts and replies into the live server."""
    from .testing import use_gateway

    marker = request.node.get_closest_marker("ihuyi_gateway")
    options: dict[str, Any] = dict(marker.kwargs) if marker else {}
    with use_gateway(live_server.url, **options) as sandbox:
        yield sandbox
