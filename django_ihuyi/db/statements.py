"""Hand-written SQL statements that run for every message or push, where the ORM is the larger part of the cost.

Each runs for every message or every push. What they have in common is here: quoted names, values as the database takes
them, rows as instances. No model is imported: callers give theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from types import MappingProxyType
from typing import Any, TypeVar

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, JSONField, Model
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


def not_paused(message: Mapping[str, str], state: Mapping[str, str]) -> str:
    """Return the condition in SQL that the account of a message is not paused.

    Args:
        message: The names of the message's columns.
        state: The names of the columns of the accounts' states.
    """
    same = f"{state['']}.{state['account']} = {message['']}.{message['account']}"
    return f"NOT EXISTS (SELECT 1 FROM {state['']} WHERE {same} AND {state['']}.{state['paused_since']} IS NOT NULL)"  # noqa: S608  names, quoted


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


def insert_messages(messages: Sequence[Model]) -> None:
    """Record messages that are not saved, and give them their primary keys.

    It does what ``bulk_create`` does, in half the time: what is empty or a number and the same in all of the rows, as
    most of a new message is, is written into the statement instead of being prepared for each row.

    Args:
        messages: Messages of one database. No signal is sent for them.

    Raises:
        IntegrityError: One of the idempotency keys stands in the table already. No message is recorded.
    """
    model = type(messages[0])
    connection = connections[router.db_for_write(model, instance=messages[0])]
    name = column_names(model, connection.alias)
    fields = [field for field in model._meta.local_concrete_fields if not field.primary_key]
    columns = [_Column(field, [getattr(message, field.attname) for message in messages]) for field in fields]
    rows, params = (_unnested if connection.vendor == "postgresql" else _listed)(columns, connection)
    names = ", ".join(name[field.name] for field in fields)
    with connection.cursor() as cursor:
        # Names, numbers and empty texts; every other value is a parameter.
        cursor.execute(f"INSERT INTO {name['']} ({names}) {rows} RETURNING {name['id']}", params)
        for message, (pk,) in zip(messages, cursor.fetchall(), strict=True):
            message.pk = pk
            message._state.adding = False
            message._state.db = connection.alias


class _Column:
    """A column of rows that are inserted: its values, and how they can be written if they are all the same."""

    def __init__(self, field: Field[Any, Any], values: list[Any]) -> None:
        self.field = field
        self.values = values
        self.same = _are_same(field, values)
        self.literal = _literal(values[0]) if self.same else None

    def prepared(self, connection: BaseDatabaseWrapper) -> list[Any]:
        """What the database takes for the values."""
        prepare = partial(self.field.get_db_prep_save, connection=connection)
        if self.same:
            return [prepare(self.values[0])] * len(self.values)
        return [prepare(value) for value in self.values]


def _are_same(field: Field[Any, Any], values: list[Any]) -> bool:
    """Whether one value can be written for all rows: equal is not enough, since ``True == 1 == 1.0``."""
    first = values[0]
    if isinstance(field, JSONField):
        return all(value is first for value in values)
    return values.count(first) == len(values) and len(set(map(type, values))) == 1


def _listed(columns: list[_Column], connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
    """The rows as VALUES, a parameter for each value."""
    row = f"({', '.join(column.literal or '%s' for column in columns)})"
    prepared = [column.prepared(connection) for column in columns if column.literal is None]
    rows = ", ".join([row] * len(columns[0].values))
    return f"VALUES {rows}", [value for values in zip(*prepared, strict=True) for value in values]


def _unnested(columns: list[_Column], connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
    """The rows for PostgreSQL: a parameter for each column, since its driver is quicker at long ones than at many."""
    selected: list[str] = []
    arrays: list[_Column] = []
    params: list[Any] = []
    for column in columns:
        if column.literal is None and column.same:
            params.append(column.prepared(connection)[0])
        selected.append(column.literal or ("%s" if column.same else f"v.c{len(arrays)}"))
        if not column.same:
            arrays.append(column)
    params += [column.prepared(connection) for column in arrays]
    types = ", ".join(f"%s::{column.field.db_type(connection)}[]" for column in arrays)
    # A single row may differ from nothing: then there is no array to say how many there are.
    aliases = ", ".join(f"c{index}" for index in range(len(arrays)))
    source = f"UNNEST({types}) AS v ({aliases})" if arrays else f"generate_series(1, {len(columns[0].values)})"
    return f"SELECT {', '.join(selected)} FROM {source}", params  # noqa: S608  names of types, numbers and empty texts


def _literal(value: object) -> str | None:
    """What all databases write a value like, if it is one that needs no preparing."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(int(value))
    return "''" if value == "" else None
