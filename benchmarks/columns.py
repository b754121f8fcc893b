"""Rows that SQL makes name the columns that they are about; all other columns get what the models would write."""

from __future__ import annotations

from django.db import connection
from django.db.models import Model


def set_defaults(*models: type[Model]) -> None:
    """Give each column that may not be null the model's default in the database, so that new columns break no SQL.

    Args:
        models: The models of the tables, on PostgreSQL.
    """
    with connection.cursor() as cursor:
        for model in models:
            row = model()
            for field in model._meta.concrete_fields:
                value = field.get_db_prep_save(field.pre_save(row, add=True), connection)
                if field.primary_key or field.null or value is None:
                    continue
                names = connection.ops.quote_name(model._meta.db_table), connection.ops.quote_name(str(field.column))
                cursor.execute("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT %s".format(*names), [value])
