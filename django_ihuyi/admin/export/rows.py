"""Rows of an export, read in chunks so that memory stays constant on every database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from django_ihuyi.admin.field_masking import display_carrier_text, full_content
from django_ihuyi.conf import lookup_code
from django_ihuyi.gateway.result_codes import ACCEPTED, CODES
from django_ihuyi.masking import mask_mobile
from django_ihuyi.models import Message

Cell = str | int | datetime | None

_FIELDS = (
    "pk",
    "status",
    "mobile",
    "category",
    "account",
    "batch_id",
    "code",
    "smsid",
    "segments",
    "attempts",
    "created_at",
    "submitted_at",
    "accepted_at",
    "reported_at",
    "receipt_msg",
    "resend_of_id",
)
_TEXT = ("template", "content")


class Rows:
    """The header and the cells of an export.

    Language, time zone and what may be shown are those of the moment when this is made: a file is written when the
    request's own are gone.

    Args:
        rows: Messages, in the order of a list of ours.
        whole: Whether numbers are shown whole.
        texts: Whether texts are.
        most: At most so many messages.
        chunk: So many are read at a time.
    """

    def __init__(
        self,
        rows: QuerySet[Message],
        *,
        whole: bool,
        texts: bool = False,
        most: int | None = None,
        chunk: int = 2_000,
    ) -> None:
        self.count = 0
        """How many were read so far."""
        self._rows = rows
        self._texts = texts
        self._most = most
        self._chunk = chunk
        self._number: Callable[[str], str] = str if whole else mask_mobile
        self._zone = timezone.get_current_timezone()
        self._statuses = {value: str(label) for value, label in Message.Status.choices}
        self._categories = {value: str(label) for value, label in Message.Category.choices}
        self._meanings: dict[tuple[int | None, str], str] = {}
        self.header = [capfirst(name) for name in self._names()]

    def _names(self) -> Iterator[str]:
        titles = {"code": _("code"), "submitted_at": _("submitted"), "reported_at": _("reported")}
        for name in _FIELDS:
            if name == "pk":
                yield "ID"
            else:
                yield titles.get(name) or _title(name.removesuffix("_id"))
            if name == "code":
                yield _("meaning")
        if self._texts:
            yield from map(_title, _TEXT)

    def __iter__(self) -> Iterator[list[list[Cell]]]:
        """Give the cells, a piece of the rows at a time."""
        wanted = (*_FIELDS, *_TEXT) if self._texts else _FIELDS
        by_time = self._rows.query.order_by[:1] == ("-created_at",)
        rest = self._rows
        while True:
            size = self._chunk if self._most is None else min(self._chunk, self._most - self.count)
            chunk: list[Any] = list(rest.values_list(*wanted, named=True)[:size]) if size else []
            if not chunk:
                return
            self.count += len(chunk)
            yield [self._cells(row) for row in chunk]
            rest = self._rows.filter(_after(chunk[-1], by_time=by_time))

    def _cells(self, row: Any) -> list[Cell]:  # noqa: ANN401  a named tuple of the fields
        cells: list[Cell] = [
            row.pk,
            self._statuses[row.status],
            self._number(row.mobile),
            self._categories.get(row.category, row.category),
            row.account,
            row.batch_id,
            row.code,
            self._meaning(row.code, row.account),
            row.smsid,
            row.segments,
            row.attempts,
            self._local(row.created_at),
            self._local(row.submitted_at),
            self._local(row.accepted_at),
            self._local(row.reported_at),
            display_carrier_text(row.receipt_msg, row.mobile, row.category, whole=False),
            row.resend_of_id,
        ]
        if self._texts:
            cells += [row.template, full_content(row.content, row.category, row.template)]
        return cells

    def _meaning(self, code: int | None, account: str) -> str:
        if (code, account) not in self._meanings:
            if code == ACCEPTED:
                meaning = self._statuses[Message.Status.ACCEPTED]
            else:
                meaning = "" if code is None or code not in CODES else _(lookup_code(code, account).meaning)
            self._meanings[code, account] = meaning
        return self._meanings[code, account]

    def _local(self, moment: datetime | None) -> datetime | None:
        if moment is None or timezone.is_naive(moment):
            return moment
        return moment.astimezone(self._zone).replace(tzinfo=None, microsecond=0)


def _title(name: str) -> str:
    field: Any = Message._meta.get_field(name)
    return str(field.verbose_name)


def _after(last: Any, *, by_time: bool) -> Q:  # noqa: ANN401  a named tuple of the fields
    """What comes after a row: keys instead of offsets, so that the last piece costs no more than the first."""
    if not by_time:
        return Q(pk__lt=last.pk)
    same = Q(created_at=last.created_at, pk__lt=last.pk)
    # The first condition says nothing new, but an index answers it.
    return Q(created_at__lte=last.created_at) & (same | Q(created_at__lt=last.created_at))
