"""Statements by hand, where Django would take longer to put one together than the database takes to run it.

Each runs for every message or every push. What they have in common is here: quoted names, values as the database takes
them, rows as instances.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.db.models.expressions import Col

M = TypeVar("M", bound=Model)
Condition = tuple[Any, ...]
"""A condition in SQL with the names of fields in braces, and its values in their order."""


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


def update(model: type[Model], using: str, changes: Mapping[str, Any], *conditions: Condition) -> int:
    """Change rows.

    Args:
        model: Whose table.
        using: In which database.
        changes: New values, by the names of fields.
        *conditions: What a row must fit to be changed, all of it.

    Returns:
        How many rows fit.
    """
    name, connection = column_names(model, using), connections[using]
    assigned = ", ".join(f"{name[key]} = %s" for key in changes)
    fields = {field.name: field for field in model._meta.concrete_fields}
    params = [fields[key].get_db_prep_save(value, connection) for key, value in changes.items()]
    where = []
    for text, *values in conditions:
        where.append(text.format_map(name))
        params += [_prepared(value, connection) for value in values]
    return execute(using, f"UPDATE {name['']} SET {assigned} WHERE {' AND '.join(where)}", *params)  # noqa: S608  names, quoted


def select(model: type[M], using: str, where: str, *params: Any) -> list[M]:  # noqa: ANN401  whatever the database takes
    """Read whole rows.

    Args:
        model: Whose.
        using: From which database.
        where: A condition in SQL, without any value in it.
        *params: Its values, as the database takes them.

    Returns:
        An instance for each row, as a query set would have made it.
    """
    attributes, columns, odd = _shape(model, using)
    connection = connections[using]
    # Made anew each time: a converter belongs to one thread's connection.
    converters = [
        (index, column, convert)
        for index, column in odd
        for convert in [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
    ]
    found = []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {column_names(model, using)['']} WHERE {where}", params)  # noqa: S608  names, quoted
        for row in cursor.fetchall():
            values = list(row)
            for index, column, convert in converters:
                values[index] = convert(values[index], column, connection)
            found.append(model.from_db(using, attributes, values))
    return found


def _prepared(value: object, connection: BaseDatabaseWrapper) -> object:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


@cache
def _shape(model: type[Model], using: str) -> tuple[list[str], str, list[tuple[int, Col]]]:
    """The attributes of an instance, the columns they come from, and which of these this database gives otherwise."""
    connection, fields = connections[using], model._meta.concrete_fields
    columns = [Col(model._meta.db_table, field) for field in fields]
    odd = [
        (index, column)
        for index, column in enumerate(columns)
        if connection.ops.get_db_converters(column) or column.get_db_converters(connection)
    ]
    names = ", ".join(column_names(model, using)[field.name] for field in fields)
    return [field.attname for field in fields], names, odd
