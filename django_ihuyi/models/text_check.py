"""System check of character sets and collations of MariaDB and MySQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Warning  # noqa: A004  Django's own name for it
from django.db import connections, router

from django_ihuyi.hooks import our_apps

from . import column_limits

_ID = "django_ihuyi.W018"


def check_texts(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  the signature that Django calls
    """Report character sets and collations that lose characters or idempotency keys.

    Django runs it for ``check --database`` and before it migrates.
    """
    models = [model for config in our_apps() for model in config.get_models()]
    tables = {model._meta.db_table for model in models}
    written = {router.db_for_write(model) for model in models}
    mysql = [alias for alias in databases or () if alias in written and connections[alias].vendor == "mysql"]
    return [message for alias in mysql for message in (*_check_connection(alias), *_check_columns(alias, tables))]


def _check_connection(alias: str) -> Iterator[CheckMessage]:
    charset = column_limits.narrow_connection(alias)
    if charset is not None:
        yield Warning(
            f"The connection to DATABASES[{alias!r}] has the character set {charset}: an emoji in a reply or in the "
            "gateway's words is stored as U+FFFD.",
            hint=f"Write 'charset': 'utf8mb4' in OPTIONS of DATABASES[{alias!r}].",
            id=_ID,
        )


def _check_columns(alias: str, tables: set[str]) -> Iterator[CheckMessage]:
    collation = "utf8mb4_nopad_bin" if getattr(connections[alias], "mysql_is_mariadb", False) else "utf8mb4_0900_bin"
    hint = (
        f"Write ALTER TABLE ... CONVERT TO CHARACTER SET utf8mb4 COLLATE {collation}; for each table of django_ihuyi, "
        f"and ALTER DATABASE ... CHARACTER SET utf8mb4 COLLATE {collation}; for tables to come."
    )
    columns = [column for column in column_limits.text_columns(alias) if column.table in tables]
    narrow = [column for column in columns if column.is_narrow]
    if narrow:
        yield Warning(
            f"Columns of django_ihuyi in DATABASES[{alias!r}] cannot hold every character: {_named(narrow)}. An emoji "
            "in a reply or in the gateway's words is stored as U+FFFD, and a text of yours with one is not recorded.",
            hint=hint,
            id=_ID,
        )
    folding = [column for column in columns if not column.is_binary]
    if folding:
        yield Warning(
            f"Columns of django_ihuyi in DATABASES[{alias!r}] have a collation that is not binary: {_named(folding)}. "
            "Idempotency keys that differ only in case or accents are taken for one, and the second call raises "
            "ValueError.",
            hint=hint,
            id=_ID,
        )


def _named(columns: Sequence[column_limits.TextColumn]) -> str:
    """Name one column, and say how many more there are."""
    first, more = columns[0], len(columns) - 1
    return f"{first.table}.{first.column} ({first.collation})" + (f" and {more} more" if more else "")
