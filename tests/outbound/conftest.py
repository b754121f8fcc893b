"""Fixtures of the tests of sending."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings


@pytest.fixture
def use(settings: Settings) -> Callable[..., None]:
    """Set options of the account."""

    def change(**options: Any) -> None:
        account = {**settings.IHUYI["ACCOUNTS"]["default"], **options}
        settings.IHUYI = {**settings.IHUYI, "ACCOUNTS": {"default": account}}

    return change
