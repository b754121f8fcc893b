"""What holds for the whole suite: tests that need a service say so with a marker, and no test is timed."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from . import services

# A busy machine is no fault of the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose ``service`` is not there, by name and with the reason; fail it where services are required."""
    for marker in item.iter_markers("service"):
        for name in marker.args:
            services.require(name)
