"""Admin pages of batches: what one ``send_bulk`` call recorded, and its progress."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from django_ihuyi.masking import HIDDEN
from django_ihuyi.models import Batch, Message
from django_ihuyi.models.message_status import MessageStatus

from . import display
from .base import ReadOnlyAdmin
from .field_masking import sees_unmasked
from .filters import AccountFilter, DayFilter
from .pagination import NewestFirst

LARGE = 20_000
"""Messages from which on a batch is counted on its own page only: to count a million takes seconds."""


def _count(pks: Collection[int]) -> dict[int, dict[str, int]]:
    """Count the messages of many batches in each status, in one query that the index answers."""
    counts: dict[int, dict[str, int]] = {pk: {} for pk in pks}
    rows = Message.objects.filter(batch__in=pks).order_by().values_list("batch", "status").annotate(number=Count("*"))
    for pk, status, number in rows:
        counts[pk][status] = number
    return counts


class _CountedBatches(NewestFirst):
    """The list, with how far each batch on the page is."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the page's rows, then count for all of them at once."""
        super().get_results(request)
        batches: list[Batch] = list(self.result_list)
        counts = _count([batch.pk for batch in batches if batch.recorded <= LARGE])
        for batch in batches:
            batch.counted = counts.get(batch.pk)  # type: ignore[attr-defined]  # for the page only
        self.result_list = batches


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin[Batch]):
    """Bulk sendings."""

    list_filter = ("category", AccountFilter, ("created_at", DayFilter))
    list_display_links = ("id",)
    # Each row counts its messages.
    list_per_page = 20
    lookups = frozenset({"category__exact", "account", "created_at__gte", "created_at__lt"})
    dated_by = "created_at"
    not_listed = ("idempotency_key",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[NewestFirst]:  # noqa: ANN401  Django's own
        """Return the kind of list."""
        return _CountedBatches

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the columns for this reader."""
        progress = self._progress_column(request)
        return ("id", "created", "category", "account", "recorded", "refused", "finished", progress)

    def get_fieldsets(self, request: HttpRequest, obj: Batch | None = None) -> Any:  # noqa: ANN401  Django's own
        """Return the parts of the page for this reader."""
        key = "whole_key" if sees_unmasked(request) else "masked_key"
        return (
            (None, {"fields": (self._progress_column(request), "category", "account")}),
            (_("What was handed over"), {"fields": ("created", "finished", "recorded", "refused", key)}),
        )

    @admin.display(description=pgettext_lazy("date", "created"))
    def created(self, batch: Batch) -> SafeString | str:
        """Show when the call began."""
        return display.time(batch.created_at)

    @admin.display(description=_("recording ended"))
    def finished(self, batch: Batch) -> SafeString | str:
        """Show when the last message was recorded, or that it did not come to that."""
        if batch.error:
            return display.badge("bad", "✗", gettext("stopped by an error: %s") % batch.error)
        if batch.finished_at is None:
            return display.badge("wait", "…", gettext("not yet"))
        return display.time(batch.finished_at, beside=batch.created_at)

    @admin.display(description=_("progress"))
    def progress(self, batch: Batch) -> SafeString | str:
        """Show how many messages are in each status."""
        if self._is_left_out(batch):
            return gettext("on its own page")
        return format_html_join(" ", "{}", ((word,) for _status, word in self._words(batch))) or display.EMPTY

    @admin.display(description=_("progress"))
    def progress_links(self, batch: Batch) -> SafeString | str:
        """Show how many messages are in each status, each with a link to them."""
        if self._is_left_out(batch):
            return display.link(self.page_of(batch), gettext("on its own page"))
        address = f"{self.list_of(Message)}?batch={batch.pk}&status__exact="
        links = ((display.link(f"{address}{status}", word),) for status, word in self._words(batch))
        return format_html_join(" ", "{}", links) or display.EMPTY

    @admin.display(description=_("idempotency key"))
    def whole_key(self, batch: Batch) -> str:
        """Show the key."""
        return batch.idempotency_key or display.EMPTY

    @admin.display(description=_("idempotency key"))
    def masked_key(self, batch: Batch) -> str:
        """Show whether there is a key: sites make them of names."""
        return HIDDEN if batch.idempotency_key else display.EMPTY

    def _is_left_out(self, batch: Batch) -> bool:
        """Whether this is a list, and the batch too large to be counted for it."""
        return getattr(batch, "counted", {}) is None

    def _words(self, batch: Batch) -> list[tuple[MessageStatus, SafeString]]:
        """A badge for each status that messages of the batch are in, in the order of a message's life."""
        counts: Mapping[str, int] | None = getattr(batch, "counted", None)
        if counts is None:
            counts = batch.count_by_status()
        return [
            (status, display.badge(*display.BADGES[status], f"{status.label} {counts[status]}"))
            for status in MessageStatus
            if status in counts
        ]

    def _progress_column(self, request: HttpRequest) -> str:
        return "progress_links" if request.user.has_perm("django_ihuyi.view_message") else "progress"
