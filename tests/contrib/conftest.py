"""Settings of verification for one test, as ``tests/verification`` has them."""

from __future__ import annotations

from tests.verification.conftest import configure

__all__ = ["configure"]
