"""Base classes of the tables. They read and write the primary database, also with a replica.

What stands in a row decides what is done next: whether a push is a repeat, whether a number opted out, whose receipt it
is. A replica may say what was true a moment ago, and a transaction opened there holds nothing together.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar, Self, TypeVar

from django.db import models, router
from django.db.models import BooleanField, Case, Q, Value, When

from django_ihuyi.transactions import retry_on_conflict

M_co = TypeVar("M_co", bound=models.Model, covariant=True)


def without_index(condition: Q) -> Q | Case:
    """Wrap a condition that stands beside primary keys, so that the database finds the rows by the primary key only.

    Otherwise MariaDB may find a row by an index on the condition, and locks the index entry before the row. Statements
    that find the row by its primary key lock in the opposite order, which ends in deadlocks.
    """
    return (
        Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())
        if condition
        else condition
    )


class PrimaryDBQuerySet(models.QuerySet[M_co]):
    """Rows that are read where they are written, unless ``using()`` names another database."""

    _db: str | None  # Django's own, which the stubs leave out
    _hints: dict[str, Any]

    @property
    def db(self) -> str:
        """The alias of the database that is asked."""
        return self._db or router.db_for_write(self.model, **self._hints)

    def update(self, **kwargs: Any) -> int:  # noqa: ANN401  Django's own
        """Update the rows. Outside of a transaction it is retried after a conflict."""
        return retry_on_conflict(partial(super().update, **kwargs), using=self.db)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the rows. Outside of a transaction it is retried after a conflict."""
        return retry_on_conflict(super().delete, using=self.db)

    def bulk_create(self, objs: Iterable[M_co], *args: Any, **kwargs: Any) -> list[M_co]:  # noqa: ANN401  Django's own
        """Insert rows. Outside of a transaction it is retried after a conflict."""
        rows = list(objs)
        return retry_on_conflict(partial(super().bulk_create, rows, *args, **kwargs), using=self.db, restoring=rows)

    def get_or_create(self, defaults: Any = None, **kwargs: Any) -> tuple[M_co, bool]:  # noqa: ANN401  Django's own
        """Get or create a row. Outside of a transaction it is retried after a conflict."""
        return retry_on_conflict(partial(super().get_or_create, defaults, **kwargs), using=self.db)

    def update_or_create(
        self,
        defaults: Any = None,  # noqa: ANN401  Django's own
        create_defaults: Any = None,  # noqa: ANN401  Django's own
        **kwargs: Any,  # noqa: ANN401  Django's own
    ) -> tuple[M_co, bool]:
        """Update or create a row. Outside of a transaction it is retried after a conflict."""
        return retry_on_conflict(partial(super().update_or_create, defaults, create_defaults, **kwargs), using=self.db)


class PrimaryDBManager(models.Manager[M_co]):
    """Finds rows where they are written. Its ``db`` is what transactions and ``on_commit`` name."""

    _hints: dict[str, Any]

    @property
    def db(self) -> str:
        """The alias of the database that is written to, and read."""
        return self._db or router.db_for_write(self.model, **self._hints)

    def get_queryset(self) -> PrimaryDBQuerySet[M_co]:
        """Return all rows."""
        return PrimaryDBQuerySet(self.model, using=self._db, hints=self._hints)


class PrimaryDBModel(models.Model):
    """A table of the record."""

    objects: ClassVar[PrimaryDBManager[Self]] = PrimaryDBManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"  # what foreign keys and refresh_from_db read with
