"""Lists that stay quick however long the table gets: newest first only, counted up to a cap, texts left unread."""

from __future__ import annotations

from typing import cast

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest
from django.utils.functional import cached_property

MOST = 10_000
"""Rows that a list counts and can be leafed through; older ones are found by filter or search."""


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # generic in the stubs only
    """A paginator that never counts a whole large table."""

    @cached_property
    def _counted(self) -> int:
        rows = cast("QuerySet[Model]", self.object_list)
        return rows.order_by()[: MOST + 1].count()

    @cached_property
    def count(self) -> int:
        """How many rows can be leafed through."""
        return min(self._counted, MOST)

    @property
    def capped(self) -> bool:
        """Whether there are more rows than can be leafed through."""
        return self._counted > MOST


class NewestFirst(ChangeList):
    """A list in the order of the primary key, whatever the address asks for: no other order has an index.

    Sorting by a masked column would also tell what the mask hides.
    """

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Model]) -> list[str | Combinable]:
        """Return the one order there is."""
        return ["-id"]

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Model]:
        """Return the rows without the columns that a list never shows."""
        rows: QuerySet[Model] = super().get_queryset(request, exclude_parameters)
        return rows.defer(*getattr(self.model_admin, "not_listed", ()))
