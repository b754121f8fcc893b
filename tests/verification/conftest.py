"""Settings of verification for one test."""

from __future__ import annotations

from typing import Any, Protocol

import pytest
from pytest_django import Settings


class Configure(Protocol):
    """Sets options of ``IHUYI["VERIFICATION"]``."""

    def __call__(self, **options: Any) -> None: ...


@pytest.fixture
def configure(settings: Settings) -> Configure:
    def set_options(**options: Any) -> None:
        settings.IHUYI = {**settings.IHUYI, "VERIFICATION": options}

    return set_options
