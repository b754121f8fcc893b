"""Tables that the database refuses to read."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from django.db import OperationalError, connection


def unreadable(table: str) -> AbstractContextManager[None]:
    """Let every read of one table fail while the context is open.

    Args:
        table: The table's name.
    """

    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and f"FROM {connection.ops.quote_name(table)}" in sql:
            raise OperationalError("1812", "Tablespace is missing")
        return run(sql, params, many, context)

    return connection.execute_wrapper(execute)
