"""Column limits, and functions that fit values from outside into them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from django.db import connections
from django.db.models import CharField, Field, IntegerField, Model, TextField

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL, which PostgreSQL cannot store, and lone surrogates, which no database can."""
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")
"""Characters that utf8mb3 cannot encode, such as most emoji."""
_WHOLE = frozenset({"utf8mb4", "utf16", "utf16le", "utf32", "gb18030"})
"""Character sets of MariaDB and MySQL that can encode every character."""


def without_unstorable(text: str) -> str:
    """Replace each character that not every database can store with U+FFFD."""
    return _UNSTORABLE.sub(REPLACEMENT, text)


def fit_values(model: type[Model], values: Mapping[str, Any], *, using: str) -> dict[str, Any]:
    """Make values fit the columns of a table.

    Args:
        model: Whose table.
        values: Values by the names of fields.
        using: The database.

    Returns:
        The values. Texts are cut to the column's length, and characters that the column cannot store are replaced with
        U+FFFD. Integers are limited to the column's range. Other values are unchanged.
    """
    fields = _fields(model)
    return {name: _fit(fields[name], value, using) for name, value in values.items()}


def fit_row(row: Model, *, using: str) -> None:
    """Make the values of a row that is not saved yet fit its columns (:func:`fit_values`)."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    for name, value in fit_values(type(row), values, using=using).items():
        setattr(row, name, value)


class TextColumn(NamedTuple):
    """A column with texts, on MariaDB or MySQL."""

    table: str
    column: str
    charset: str
    collation: str

    @property
    def is_narrow(self) -> bool:
        """Whether there are characters that it cannot store."""
        return self.charset not in _WHOLE

    @property
    def is_binary(self) -> bool:
        """Whether its collation is binary. Some binary collations still ignore trailing blanks."""
        return self.collation.endswith("_bin")


def text_columns(using: str) -> list[TextColumn]:
    """Read the columns with texts of a database on MariaDB or MySQL, those of other apps as well.

    Args:
        using: The database.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, character_set_name, collation_name FROM information_schema.columns "
            "WHERE table_schema = DATABASE() AND character_set_name IS NOT NULL ORDER BY table_name, ordinal_position"
        )
        return [TextColumn(*row) for row in cursor.fetchall()]


def narrow_connection(using: str) -> str | None:
    """Return the character set of a connection to MariaDB or MySQL that cannot carry every character, else None.

    Args:
        using: The database.
    """
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT @@character_set_connection")
        (charset,) = cursor.fetchone()
    return None if charset in _WHOLE else str(charset)


@cache
def _fields(model: type[Model]) -> Mapping[str, Field[Any, Any]]:
    return {key: field for field in model._meta.concrete_fields for key in (field.name, field.attname)}


@cache
def _narrow(using: str) -> frozenset[tuple[str, str]] | None:
    """The columns that cannot store every character; None for all of them. Read once in a process."""
    if narrow_connection(using):
        return None
    return frozenset((column.table, column.column) for column in text_columns(using) if column.is_narrow)


def _fit(field: Field[Any, Any], value: object, using: str) -> object:
    if isinstance(field, CharField | TextField) and isinstance(value, str):
        return _fit_text(field, value, using)
    if isinstance(field, IntegerField) and isinstance(value, int):
        least, most = connections[using].ops.integer_field_range(field.get_internal_type())
        return max(least, min(int(value), most))
    return value


def _fit_text(field: Field[Any, Any], text: str, using: str) -> str:
    text = without_unstorable(text)
    if _BEYOND_BMP.search(text) and connections[using].vendor == "mysql":
        narrow = _narrow(using)
        if narrow is None or (field.model._meta.db_table, str(field.column)) in narrow:
            text = _BEYOND_BMP.sub(REPLACEMENT, text)
    return text[: field.max_length] if field.max_length else text
