"""What the site's tests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from example_project.users.models import Person


@pytest.fixture
def log_in(client: Client) -> Callable[[Person], None]:
    """Log a person in to ``client``."""

    def log_in(person: Any) -> None:  # Any: type checkers know only Django's own user
        client.force_login(person)

    return log_in
