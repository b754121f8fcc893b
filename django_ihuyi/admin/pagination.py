"""Pagination that stays fast on large tables: newest first, counts up to a cap, texts deferred."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest
from django.utils.functional import cached_property

from django_ihuyi.models.metadata import UNSTORABLE


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # generic in the stubs only
    """A paginator that never counts a whole large table."""

    most: ClassVar[int] = 10_000
    """Rows that a list counts and can be leafed through; older ones are found by filter or search."""

    @cached_property
    def _counted(self) -> int:
        rows = cast("QuerySet[Model]", self.object_list)
        return rows.order_by()[: self.most + 1].count()

    @cached_property
    def count(self) -> int:
        """How many rows can be leafed through."""
        return min(self._counted, self.most)

    @property
    def capped(self) -> bool:
        """Whether there are more rows than can be leafed through."""
        return self._counted > self.most


class NewestFirst(ChangeList):
    """A list in the order in which its rows came, whatever the address asks for: no other order has an index.

    Sorting by a masked column would also tell what the mask hides. Where a filter asks for a span of time, or for
    something whose index goes on with the time, the order is that of the time: it is nearly the same, and the index
    leads there at once. What no index answers is asked of the newest rows only, and the page says so.
    """

    scanned: ClassVar[int] = 100_000
    """Rows that are looked through for what no index answers."""
    out_of_order: ClassVar[int] = 10_000
    """By how many keys the order of keys may differ from that of times."""
    scanned_only = 0
    """How many of the newest rows were looked through, or 0 if all were."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Model]) -> list[str | Combinable]:
        """Return the one order there is."""
        dated_by = self.model_admin.dated_by  # type: ignore[attr-defined]  # every page's of ours
        timed = {f"{dated_by}__gte", f"{dated_by}__lt", *self.model_admin.timed}  # type: ignore[attr-defined]
        return [f"-{dated_by}", "-id"] if dated_by and timed & self.filter_params.keys() else ["-id"]

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Model]:
        """Return the rows without the columns that a list never shows.

        Raises:
            IncorrectLookupParameters: The address asks for what no row can hold: the list is shown without it.
        """
        asked = [value for name, values in self.filter_params.items() if name != SEARCH_VAR for value in values]
        if any(map(UNSTORABLE.search, asked)):
            raise IncorrectLookupParameters
        rows: QuerySet[Model] = super().get_queryset(request, exclude_parameters)
        page: Any = self.model_admin
        if not self.is_quick:
            floor = self._floor(request)
            if floor > 0:
                self.scanned_only = self.scanned
                # From above as well: a database that begins at the floor would read all that came since.
                rows = rows.filter(pk__gt=floor, pk__lte=floor + self.scanned + self.out_of_order)
        return rows.defer(*page.not_listed)

    @property
    def is_quick(self) -> bool:
        """Whether an index leads to what is asked for."""
        scanned: frozenset[str] = self.model_admin.scanned  # type: ignore[attr-defined]  # every page's of ours
        return not (scanned & self.filter_params.keys()) or bool(self.query.strip())

    def _floor(self, request: HttpRequest) -> int:
        """The number below which no row is looked at: so many below the newest, or the newest of the days asked for."""
        newest: Any = self.root_queryset
        for days in self.filter_specs:
            if isinstance(days, admin.DateFieldListFilter):
                newest = days.queryset(request, newest)
        top = newest.order_by(*self.get_ordering(request, newest)).values_list("pk", flat=True).first()
        return int(top or 0) - self.scanned


class WholeList(NewestFirst):
    """The rows of a list without their page: all that its filters and its search find, none of them read yet."""

    def get_results(self, request: HttpRequest) -> None:
        """Read and count nothing."""

    def _floor(self, request: HttpRequest) -> int:
        """Look at all rows."""
        return 0
