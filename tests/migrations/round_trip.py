"""Go through all migrations one at a time, backwards and forwards: ``python -m tests.migrations.round_trip empty|filled``.

For a process of its own, on the empty database that ``DATABASE_URL`` names. It stops with an ``AssertionError`` where
rows were lost or the tables are not what they were, and prints how many steps it took.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

APPS = ("django_ihuyi", "ihuyi_verification", "ihuyi_webhooks", "ihuyi_dashboard", "ihuyi_api", "ihuyi_otp")

Key = tuple[str, str]


def plan(app: str) -> list[Key]:
    """Return the migrations of an app in their order."""
    graph = MigrationExecutor(connection).loader.graph
    return [key for key in graph.forwards_plan(graph.leaf_nodes(app)[0]) if key[0] == app]


def migrate(app: str, name: str | None) -> None:
    """Bring an app to a migration, or to before its first."""
    MigrationExecutor(connection).migrate([(app, name)])


def tables() -> list[str]:
    """Return the names of the tables of all our apps."""
    return [name for name in sorted(connection.introspection.table_names()) if name.startswith(APPS)]


def counts() -> dict[str, int]:
    """Return how many rows each table has."""
    with connection.cursor() as cursor:
        found = {}
        for name in tables():
            cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(name)}")
            found[name] = cursor.fetchone()[0]
        return found


def shape() -> dict[str, Any]:
    """Return what the database says of the tables: columns with their types, indexes and constraints."""
    found = {}
    with connection.cursor() as cursor:
        for name in tables():
            columns = [
                (column.name, str(column.type_code), column.null_ok)
                for column in connection.introspection.get_table_description(cursor, name)
            ]
            constraints = connection.introspection.get_constraints(cursor, name).values()
            found[name] = (sorted(columns), sorted(str(sorted(each.items(), key=str)) for each in constraints))
    return found


def value_for(field: Any, number: int) -> Any:
    """Make up a value for a field that has none by itself."""
    if field.remote_field:
        related = field.remote_field.model
        return related._default_manager.first() or fill_one(related, number)
    if isinstance(field, models.DateTimeField):
        return timezone.now()
    if isinstance(field, models.DateField):
        return timezone.now().date()
    if isinstance(field, models.IntegerField | models.FloatField | models.DecimalField):
        return number % 30_000  # the smallest integers end at 32,767
    return str(number)[: field.max_length]


def fill_one(model: type[models.Model], number: int) -> models.Model:
    """Make one row of a model."""
    fields = [
        field
        for field in model._meta.concrete_fields
        if not (field.has_default() or field.null or field.blank or isinstance(field, models.AutoField))
    ]
    return model._default_manager.create(**{field.name: value_for(field, number) for field in fields})


def fill(registry: Any, numbers: Iterator[int]) -> None:
    """Make two rows in every table of our apps, as the models were at some migration."""
    for model in registry.get_models():
        if model._meta.app_label in APPS and model._meta.managed:
            fill_one(model, next(numbers))
            fill_one(model, next(numbers))


def state_before(key: Key) -> Any:
    """Return the models as they are before a migration."""
    return MigrationExecutor(connection).loader.project_state([key], at_end=False).apps


def kept(before: dict[str, int]) -> None:
    """Make sure that no table that is still there has lost a row."""
    after = counts()
    lost = {name: (before[name], after[name]) for name in after if name in before and after[name] != before[name]}
    assert not lost, lost


def walk(*, filled: bool) -> int:
    """Go back to before the first migration of every app, and forth again. Returns how many steps that took."""
    numbers = iter(range(13800000000, 13900000000))
    call_command("migrate", verbosity=0)
    whole = shape()
    assert len(whole) > len(APPS)
    if filled:
        fill(apps, numbers)
        assert min(counts().values()) == 2
    steps = 0
    for app in reversed(APPS):
        names = [name for _app, name in plan(app)]
        for name in reversed([None, *names[:-1]]):
            before = counts()
            migrate(app, name)
            kept(before)
            steps += 1
    assert tables() == []
    for app in APPS:
        for key in plan(app):
            if filled and key != plan(app)[0]:
                fill(state_before(key), numbers)
            before = counts()
            migrate(*key)
            kept(before)
            steps += 1
    assert shape() == whole
    call_command("migrate", check_unapplied=True, verbosity=0)
    return steps


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    sys.stdout.write(f"{walk(filled=sys.argv[1] == 'filled')} steps\n")
