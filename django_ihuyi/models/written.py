"""Where the record is read: in the database that it is written to, also where a site's router reads from a replica.

What stands in a row decides what is done next: whether a push is a repeat, whether a number opted out, whose receipt it
is. A replica may say what was true a moment ago, and a transaction opened there holds nothing together.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

from django.db import models, router

M_co = TypeVar("M_co", bound=models.Model, covariant=True)


class WrittenRows(models.QuerySet[M_co]):
    """Rows that are read where they are written, unless ``using()`` names another database."""

    _db: str | None  # Django's own, which the stubs leave out
    _hints: dict[str, Any]

    @property
    def db(self) -> str:
        """The alias of the database that is asked."""
        return self._db or router.db_for_write(self.model, **self._hints)


class WrittenManager(models.Manager[M_co]):
    """Finds rows where they are written. Its ``db`` is what transactions and ``on_commit`` name."""

    _hints: dict[str, Any]

    @property
    def db(self) -> str:
        """The alias of the database that is written to, and read."""
        return self._db or router.db_for_write(self.model, **self._hints)

    def get_queryset(self) -> WrittenRows[M_co]:
        """Return all rows."""
        return WrittenRows(self.model, using=self._db, hints=self._hints)


class Written(models.Model):
    """A table of the record."""

    objects: ClassVar[WrittenManager[Self]] = WrittenManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"  # what foreign keys and refresh_from_db read with
