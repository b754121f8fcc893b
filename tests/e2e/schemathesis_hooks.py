"""What the API's document says in words only, told to schemathesis: times have to be in the year around the present."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import schemathesis
from hypothesis import strategies

_NOW = datetime.now(UTC).replace(microsecond=0)
_LATER = strategies.integers(min_value=1, max_value=300).map(lambda days: (_NOW + timedelta(days=days)).isoformat())

schemathesis.openapi.format("date-time", _LATER)
