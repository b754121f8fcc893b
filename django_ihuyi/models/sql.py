"""Statements by hand, where Django would take longer to put one together than the database takes to run it.

Each runs for every message or every push. What they have in common is here: quoted names, values as the database takes
them, rows as instances.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

from django.db import connections
from django.db.models import Model
from django.db.models.expressions import Col

M = TypeVar("M", bound=Model)


@cache
def column_names(model: type[Model], using: str) -> Mapping[str, str]:
    """The quoted names of a table's columns, by field, and of the table itself as "". Put together once."""
    quote = connections[using].ops.quote_name
    columns = {item.name: quote(str(item.column)) for item in model._meta.concrete_fields}
    return MappingProxyType({"": quote(model._meta.db_table), **columns})


def marks(values: Collection[object]) -> str:
    """Return a placeholder for each value, for ``IN (...)``."""
    return ", ".join(["%s"] * len(values))


def execute(using: str, sql: str, *params: Any) -> int:  # noqa: ANN401  whatever the database takes
    """Run a statement. Returns how many rows it met."""
    with connections[using].cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def update(model: type[Model], using: str, changes: Mapping[str, Any], where: str, *params: Any) -> int:  # noqa: ANN401  as above
    """Change rows.

    Args:
        model: Whose table.
        using: In which database.
        changes: New values, by the names of fields.
        where: A condition in SQL, without any value in it.
        *params: Its values, as the database takes them.

    Returns:
        How many rows it fits.
    """
    name, field = column_names(model, using), model._meta.get_field
    connection = connections[using]
    assigned = ", ".join(f"{name[key]} = %s" for key in changes)
    # Only columns get here, and all of them can be saved.
    values = [field(key).get_db_prep_save(value, connection) for key, value in changes.items()]  # type: ignore[union-attr]
    return execute(using, f"UPDATE {name['']} SET {assigned} WHERE {where}", *values, *params)  # noqa: S608  names, quoted


def select(model: type[M], using: str, where: str, *params: Any) -> list[M]:  # noqa: ANN401  as above
    """Read whole rows.

    Args:
        model: Whose.
        using: From which database.
        where: A condition in SQL, without any value in it.
        *params: Its values, as the database takes them.

    Returns:
        An instance for each row, as a query set would have made it.
    """
    attributes, columns, converters = _shape(model, using)
    connection = connections[using]
    found = []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {column_names(model, using)['']} WHERE {where}", params)  # noqa: S608  names, quoted
        for row in cursor.fetchall():
            values = list(row)
            for index, column, convert in converters:
                values[index] = convert(values[index], column, connection)
            found.append(model.from_db(using, attributes, values))
    return found


@cache
def _shape(model: type[Model], using: str) -> tuple[list[str], str, list[tuple[int, Col, Callable[..., Any]]]]:
    """The attributes of an instance, the columns they come from, and what makes values of what this database gives."""
    connection, fields = connections[using], model._meta.concrete_fields
    converters = [
        (index, column, convert)
        for index, column in enumerate(Col(model._meta.db_table, field) for field in fields)
        for convert in [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
    ]
    columns = ", ".join(column_names(model, using)[field.name] for field in fields)
    return [field.attname for field in fields], columns, converters
