"""What the API's document says in words only, told to schemathesis: which times and variables messages may have."""

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
    """Mend just that; what is wrong otherwise stays wrong."""
    if not isinstance(body, dict):
        return body
    expires_at = _time(body.get("expires_at"))
    if expires_at and expires_at <= max(_time(body.get("send_at")) or _NOW, _NOW + timedelta(hours=1)):
        body = {name: value for name, value in body.items() if name != "expires_at"}
    rows = body.get("messages")
    if "template" not in body and isinstance(rows, list):
        body = {**body, "messages": [_without_params(row) for row in rows]}
    return body


def _without_params(row: object) -> object:
    """The row of a bulk without variables that are right, but of no template."""
    if not isinstance(row, dict) or "content" in row or not isinstance(row.get("params"), list | dict):
        return row
    values = row["params"].values() if isinstance(row["params"], dict) else row["params"]
    if not all(isinstance(value, str | int | float) and not isinstance(value, bool) for value in values):
        return row
    return {name: value for name, value in row.items() if name != "params"}


def _time(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None
