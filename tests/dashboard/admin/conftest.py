"""Members of staff, as the tests of the core's pages have them."""

from __future__ import annotations

from tests.admin.conftest import staff as staff  # noqa: PLC0414  a fixture
