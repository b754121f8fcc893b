"""Confirmation pages of actions: the selected rows are carried in the form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.contrib.admin import helpers
from django.db.models import Model, QuerySet
from django.http import HttpRequest

_Row = TypeVar("_Row", bound=Model)

MAX_SHOWN = 50
"""Rows that a question shows."""


def selected_rows(request: HttpRequest, chosen: QuerySet[_Row]) -> QuerySet[_Row]:
    """Leave out what has come since the question was asked: nobody was asked about that.

    Args:
        request: The answer, or the first POST.
        chosen: What is chosen now.
    """
    newest = request.POST.get("newest", "")
    return chosen.filter(pk__lte=int(newest)) if newest.isdecimal() and len(newest) < 19 else chosen


def preview_rows(rows: Sequence[_Row]) -> Sequence[_Row]:
    """Return the rows that a question shows, of those that it is about."""
    return rows[:MAX_SHOWN]


def hidden_inputs(request: HttpRequest, rows: Sequence[Model]) -> dict[str, Any]:
    """Return what a question's template needs to ask about the same rows again, and to say how many it does not show.

    Args:
        request: The request with the choice.
        rows: What is asked about.
    """
    return {
        "newest": max((row.pk for row in rows), default=0),
        "selected": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
        "checkbox": helpers.ACTION_CHECKBOX_NAME,
        "left_out": max(len(rows) - MAX_SHOWN, 0),
    }
