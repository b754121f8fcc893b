"""Pagination by primary key, newest first. Every page is equally fast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from django_ihuyi.mobile_hash import lookup_values
from django_ihuyi.privacy import audit

from .serializer_fields import Key

MAX_PAGE_SIZE = 500

STATUS = gettext_lazy("Only what is in this state.")
CATEGORY = gettext_lazy("Only what is of this category.")
ACCOUNT = gettext_lazy("Only what is of this account.")
NAME = gettext_lazy("Only what has this name.")
NUMBER = gettext_lazy("Only what is of this number; spaces and dashes are taken as well.")
BATCH = gettext_lazy("Only what is of this batch.")
FROM = gettext_lazy("Only what is of this time or later.")
UNTIL = gettext_lazy("Only what is before this time.")

_Row = TypeVar("_Row", bound=Model)

Readers = Mapping[str, serializers.Field[Any, Any, Any, Any]]
"""For each name that a query may have the field that reads it."""
Filters = Mapping[str, tuple[str, serializers.Field[Any, Any, Any, Any]]]
"""For each name that a list's query may have the lookup that it stands for, and the field that reads it."""

PAGING: Readers = {
    "before": Key(help_text=gettext_lazy("Only rows with a smaller id.")),
    "limit": Key(help_text=gettext_lazy("How many rows: 100 unless you say so, 500 at the most.")),
}


def page(
    request: Request,
    rows: QuerySet[_Row],
    filters: Filters,
    show: Callable[[_Row], dict[str, Any]],
    *,
    whole: bool = False,
) -> Response:
    """Answer one page of a list. Who looked at whole numbers, or asked for one without seeing any, is noted.

    Args:
        request: Its query holds the filters' names, ``before`` (a row's id) and ``limit`` (100; 500 at the most).
        rows: All rows that the caller may see.
        filters: What the list can be filtered by.
        show: Makes of a row what the caller gets.
        whole: Whether that has whole numbers.

    Returns:
        ``results``, and ``next``: the address of the next page or null.

    Raises:
        ValidationError: A name is unknown or given twice, or a value is wrong.
    """
    given = read_query(request, readers(filters))
    mobile = given.get("mobile")
    limit = min(given.pop("limit", 100), MAX_PAGE_SIZE)
    if "before" in given:
        rows = rows.filter(pk__lt=given.pop("before"))
    # A number that is kept hashed is found by whoever knows it, as in the admin.
    if mobile is not None:
        rows = rows.filter(mobile__in=lookup_values(given.pop("mobile")))
    rows = rows.filter(**{filters[name][0]: value for name, value in given.items()}).order_by("-pk")
    found = list(rows[: limit + 1])
    further = None
    if len(found) > limit:
        query = request.query_params.copy()
        query["before"] = str(found[limit - 1].pk)
        further = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    shown = found[:limit]
    if whole:
        audit.log_list_view(request.user, rows.model, [row.pk for row in shown])
    elif mobile is not None:
        audit.log_search(request.user, rows.model, mobile)
    return Response({"results": [show(row) for row in shown], "next": further})


def readers(filters: Filters) -> Readers:
    """Return what the query of a list may hold."""
    return {**{name: field for name, (_lookup, field) in filters.items()}, **PAGING}


def read_query(request: Request, fields: Readers) -> dict[str, Any]:
    """Return what a request's query says.

    Raises:
        ValidationError: A name is unknown or given twice, or a value is wrong.
    """
    given: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for name, values in request.query_params.lists():
        if name not in fields:
            errors[name] = [_("There is no such filter.")]
        elif len(values) > 1:
            errors[name] = [_("Give it once.")]
        else:
            try:
                given[name] = fields[name].run_validation(values[0])
            except serializers.ValidationError as error:
                errors[name] = error.detail
    if errors:
        raise serializers.ValidationError(errors)
    return given
