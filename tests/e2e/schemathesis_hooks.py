"""What the API's document says in words only, told to schemathesis: which times a message may have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import schemathesis
from hypothesis import strategies

_NOW = datetime.now(UTC).replace(microsecond=0)
_LATER = strategies.integers(min_value=1, max_value=300).map(lambda days: (_NOW + timedelta(days=days)).isoformat())

schemathesis.openapi.format("date-time", _LATER)


@schemathesis.hook
def map_body(context: schemathesis.HookContext, body: Any) -> Any:
    """Take out a ``send_at`` that is not before ``expires_at``, where both are times; all else stays."""
    if isinstance(body, dict) and _is_time(body.get("send_at")) and _is_time(body.get("expires_at")):
        return {name: value for name, value in body.items() if name != "send_at"}
    return body


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
