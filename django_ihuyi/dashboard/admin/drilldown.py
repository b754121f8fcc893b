"""URLs of lists that are filtered to the rows behind a number."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.db.models import Model
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from django_ihuyi.admin import display
from django_ihuyi.admin.base import ReadOnlyAdmin
from django_ihuyi.dashboard.date_ranges import Range
from django_ihuyi.dashboard.report import CHARGED
from django_ihuyi.dashboard.time_slots import begin_of
from django_ihuyi.models import BalanceReading, Message, Receipt, Reply


class Drilldown:
    """Makes addresses for one reader and range; there is none for who may not see a list."""

    def __init__(self, page: ReadOnlyAdmin[Any], request: HttpRequest, span: Range) -> None:
        self._code = _code_model()
        models: list[type[Model]] = [Message, Receipt, Reply, BalanceReading, *([self._code] if self._code else [])]
        self._lists: dict[type[Model], str] = {
            model: page.list_of(model)
            for model in models
            if page.admin_site.is_registered(model)
            and request.user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
        }
        self._span = span
        self._made: dict[tuple[int, int], str] = {}

    def messages(self, period: tuple[int, int] | None = None, **filters: Any) -> str:  # noqa: ANN401  whatever a list is narrowed by
        """Return the list of messages made in the range, or in one of its hours or days.

        Args:
            period: Its first half-hour and the one after its last.
            filters: What else the list is narrowed by.
        """
        return self._in_range(Message, period, **filters)

    def taken(self, **filters: Any) -> str:  # noqa: ANN401  whatever a list is narrowed by
        """Return the list of messages in the range that the gateway took."""
        return self.messages(status__in=",".join(CHARGED), **filters)

    def codes(self, **filters: Any) -> str:  # noqa: ANN401  whatever a list is narrowed by
        """Return the list of verification codes in the range that went out."""
        return self._in_range(self._code, None, decoy__exact=0, **filters) if self._code else ""

    def standing(self, model: type[Model], **filters: Any) -> str:  # noqa: ANN401  whatever a list is narrowed by
        """Return a list whatever the range; empty for who may not see it."""
        address = self._lists.get(model, "")
        return f"{address}?{urlencode(filters)}" if address and filters else address

    def _in_range(self, model: type[Model], period: tuple[int, int] | None, **filters: Any) -> str:  # noqa: ANN401  whatever a list is narrowed by
        address = self._lists.get(model, "")
        if not address:
            return ""
        first, end = period or (self._span.first, self._span.end)
        made = self._made.get((first, end))
        if made is None:
            # Half a year has thousands of links, and only some hundred different times.
            made = urlencode({"created_at__gte": _moment(first), "created_at__lt": _moment(end)})
            self._made[first, end] = made
        return f"{address}?{made}&{urlencode(filters)}" if filters else f"{address}?{made}"


def _code_model() -> type[Model] | None:
    """Return the table of verification codes, where they are installed."""
    if not apps.is_installed("django_ihuyi.verification"):
        return None
    from django_ihuyi.verification.models import VerificationCode

    return VerificationCode


def _moment(slot: int) -> str:
    begin = begin_of(slot)
    return str(localtime(begin) if begin.tzinfo else begin)


def number(value: int, address: str = "") -> SafeString | str:
    """Show a number, as a link where it has an address."""
    text = display.number(value)
    return display.link(address, text) if address else text
