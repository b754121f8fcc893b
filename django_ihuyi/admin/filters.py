"""List filters. Their choices come from the code and the settings, never from a scan of the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Field, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from django_ihuyi.conf import get_account_aliases, get_aliases_of, get_aliases_without_receipts, get_settings
from django_ihuyi.gateway.products import PRODUCTS
from django_ihuyi.gateway.result_codes import ACCEPTED, CODES
from django_ihuyi.models import Batch, Message

from .display import local

_OTHER = "other"
_NONE = "none"
_NUMBER = re.compile(r"[0-9]{1,18}")
"""A code or a key that a database can hold."""
_FAR_YEAR = re.compile(r"\s*(?:0|9[0-9]{3}-)")
_SLACK = timedelta(minutes=10)
"""How far the clocks of servers that record one batch may differ."""


class AccountFilter(admin.SimpleListFilter):
    """By account: those in the settings."""

    title = _("account")
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Return the aliases."""
        return [(alias, alias) for alias in get_account_aliases()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the rows."""
        return queryset.filter(account=self.value()) if self.value() else queryset


class ProductFilter(admin.SimpleListFilter):
    """By product: those of the accounts in the settings, where there is more than one."""

    title = _("product")
    parameter_name = "product"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Return the products that there are accounts of."""
        sold = [(name, gettext(product.label)) for name, product in PRODUCTS.items() if self._aliases(name)]
        return sold if len(sold) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the rows."""
        return queryset.filter(account__in=self._aliases(self.value())) if self.value() else queryset

    def _aliases(self, name: str | None) -> list[str]:
        return get_aliases_of(lambda product: product.name == name)


class BatchFilter(admin.SimpleListFilter):
    """By the batch that an address names: there is a choice only where one is chosen."""

    title = _("batch")
    parameter_name = "batch"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Return the one that is chosen."""
        value = self.value()
        return [] if value is None else [(value, str(Batch(pk=value)))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the rows."""
        value = self.value() or ""
        batch = Batch.objects.filter(pk=int(value)).first() if _NUMBER.fullmatch(value) else None
        if batch is None:
            return queryset.none()
        # The index of times leads to the newest of a million messages at once; that of batches would read them all.
        rows = queryset.filter(batch=batch, created_at__gte=batch.created_at - _SLACK)
        return rows.filter(created_at__lte=batch.finished_at + _SLACK) if batch.finished_at else rows


class ChosenFilter(admin.SimpleListFilter):
    """By the keys that an address names, as those of rows chosen for an export."""

    title = _("chosen")
    parameter_name = "chosen"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Return the one choice there is, if it is made."""
        value = self.value()
        if value is None:
            return []
        count = len(self._keys(value))
        return [(value, ngettext("%d row", "%d rows", count) % count)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the rows."""
        value = self.value()
        return queryset if value is None else queryset.filter(pk__in=self._keys(value))

    def _keys(self, value: str) -> list[int]:
        return [int(key) for key in value.split(",") if _NUMBER.fullmatch(key)]


class CodeFilter(admin.SimpleListFilter):
    """By the gateway's code: those of the table, and all others together. An address may name any code."""

    title = _("code")
    parameter_name = "code"
    template = "admin/django_ihuyi/filter_closed.html"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Return the table's codes with their meaning."""
        known = [(str(number), f"{number} {gettext(row.meaning)}") for number, row in CODES.items()]
        return [*known, (_OTHER, gettext("Other codes")), (_NONE, gettext("No answer"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the rows."""
        value = self.value()
        if value is None:
            return queryset
        if value == _NONE:
            return queryset.filter(code__isnull=True)
        if value == _OTHER:
            return queryset.filter(_gaps(sorted(CODES)))
        if not _NUMBER.fullmatch(value):
            return queryset.none()
        return queryset.filter(code=int(value))


def _gaps(known: Sequence[int]) -> Q:
    """The codes that are none of those: as ranges, which an index answers, and "not in" it does not."""
    asked = Q(code__lt=known[0]) | Q(code__gt=known[-1])
    for below, above in pairwise(known):
        if above - below > 1:
            asked |= Q(code__gt=below, code__lt=above)
    return asked


class NoReceiptFilter(admin.SimpleListFilter):
    """What the gateway took long ago and no carrier has reported."""

    title = _("receipt")
    parameter_name = "receipt"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        """Return the one choice."""
        hours = get_settings().no_receipt_hours
        return [("missing", ngettext("None yet, after %d hour", "None yet, after %d hours", hours) % hours)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the rows."""
        if self.value() != "missing":
            return queryset
        long_ago = timezone.now() - get_settings().no_receipt_after
        # Accepted so long ago, it was recorded before: that index skips what is too young to be missed.
        awaited = queryset.filter(status=Message.Status.ACCEPTED, accepted_at__lt=long_ago, created_at__lt=long_ago)
        return awaited.exclude(account__in=get_aliases_without_receipts())


class GivenUpFilter(admin.SimpleListFilter):
    """Of messages whose outcome nobody knows, those that are still waited for, or those that were given up."""

    title = _("unknown outcome")
    parameter_name = "given_up"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        """Return both."""
        return [("no", _("Waited for")), ("yes", _("Given up"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the rows."""
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(status=Message.Status.UNKNOWN, given_up_at__isnull=self.value() == "no")


class MatchedFilter(admin.SimpleListFilter):
    """Whether it is known which message a push belongs to."""

    title = _("message")
    parameter_name = "matched"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        """Return yes and no."""
        return [("yes", _("Known")), ("no", _("Not known"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the rows."""
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(message__isnull=self.value() == "no")


class OutcomeFilter(admin.SimpleListFilter):
    """What a receipt says."""

    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        """Return both outcomes."""
        return [("delivered", _("delivered")), ("undelivered", _("undelivered"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the rows."""
        if self.value() == "delivered":
            return queryset.filter(code=ACCEPTED)
        return queryset.exclude(code=ACCEPTED) if self.value() == "undelivered" else queryset


class DayFilter(admin.DateFieldListFilter):
    """By day in the reader's zone; an address may name any range by ``__gte`` and ``__lt``."""

    def __init__(
        self,
        field: Field[Any, Any],
        request: HttpRequest,
        params: dict[str, list[str]],
        model: type[Model],
        model_admin: admin.ModelAdmin[Any],
        field_path: str,
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        today = local(timezone.now()).replace(hour=0, minute=0, second=0, microsecond=0)
        self.links = tuple(self._links(today))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the rows.

        Raises:
            IncorrectLookupParameters: A time near the ends of the calendar, which some databases convert to none.
        """
        lookups: dict[str, Any] = self.used_parameters
        asked = [str(value) for values in lookups.values() for value in values]
        if any(_FAR_YEAR.match(value) for value in asked):
            raise IncorrectLookupParameters
        narrowed: Any = super().queryset(request, queryset)
        return narrowed  # type: ignore[no-any-return]  # by a field, never None

    def _links(self, today: datetime) -> Iterator[tuple[Any, dict[str, Any]]]:
        yield _("Any date"), {}
        for label, first, days in (
            (_("Today"), 0, 1),
            (_("Yesterday"), 1, 1),
            (_("Past 7 days"), 6, 7),
            (_("Past 30 days"), 29, 30),
        ):
            since = today - timedelta(days=first)
            yield label, {self.lookup_kwarg_since: since, self.lookup_kwarg_until: since + timedelta(days=days)}
