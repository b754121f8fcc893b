"""Export of the message list, as filtered or as selected: a confirmation page, then the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from django_ihuyi.admin.base import is_on_a_rows_page
from django_ihuyi.admin.field_masking import sees_unmasked
from django_ihuyi.admin.mobile_search import MobileSearchMixin
from django_ihuyi.admin.pagination import CappedPaginator, WholeList
from django_ihuyi.masking import mask_mobile
from django_ihuyi.models import Message

from .files import XLSX_MAX_ROWS, csv_chunks, has_xlsx, xlsx_file
from .rows import Rows

_XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ExportMixin(MobileSearchMixin[Message]):
    """A list of messages that can be had as a file."""

    export_chunk: ClassVar[int] = 2_000
    """Rows that are read at a time."""
    xlsx_most: ClassVar[int] = XLSX_MAX_ROWS
    """Rows of an XLSX file, at the most."""

    def may_export(self, request: HttpRequest) -> bool:
        """Whether somebody may."""
        return self.has_view_permission(request) and request.user.has_perm("django_ihuyi.export_messages")

    def get_urls(self) -> list[URLPattern]:
        """Return the pages' addresses, with the export's."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", self.admin_site.admin_view(self.export_view), name=name), *super().get_urls()]

    def export_url(self, query: str = "") -> str:
        """Return the address of the export of a list with this query."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_export"
        return reverse(name, current_app=self.admin_site.name) + (f"?{query}" if query else "")

    def get_actions(self, request: HttpRequest, action_location: object = None) -> dict[str, Any]:
        """Return what can be done to chosen rows: also to export them."""
        actions = super().get_actions(request, action_location)
        if self.may_export(request) and not is_on_a_rows_page(action_location):
            actions["export"] = (self._export_chosen, "export", _("Export"))
        return actions

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, with a link to its export."""
        link = {"export_url": self.export_url(_query(request))} if self.may_export(request) else {}
        return super().changelist_view(request, {**link, **(extra_context or {})})

    def _export_chosen(
        self, _admin: object, request: HttpRequest, queryset: QuerySet[Message]
    ) -> HttpResponseBase | None:
        """What Django calls for the choice in a list: on to the page that asks for the kind of file."""
        if request.POST.get("select_across") == "1":
            return HttpResponseRedirect(self.export_url(_query(request)))
        chosen = ",".join(map(str, queryset.values_list("pk", flat=True)))
        if not chosen:
            messages.warning(request, _("None of the rows is there any more."))
            return None
        return HttpResponseRedirect(self.export_url(urlencode({"chosen": chosen}, safe=",")))

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Ask for the kind of file, and send it."""
        if not self.may_export(request):
            raise PermissionDenied
        try:
            found = WholeList(
                request,
                self.model,
                ("pk",),
                (),
                self.get_list_filter(request),
                None,
                self.get_search_fields(request),
                False,
                self.list_per_page,
                self.list_max_show_all,
                (),
                self,
                (),
                "",
            )
        except IncorrectLookupParameters:
            return HttpResponseRedirect(self.list_of(Message))
        rows: QuerySet[Message] = found.queryset
        if request.method != "POST":
            return self._ask_for_kind(request, rows, counted=found.is_quick)
        if request.POST.get("format") != "xlsx":
            return self._csv(request, rows)
        if has_xlsx():
            return self._xlsx(request, rows)
        missing = _("XLSX files need the extra “xlsx”: pip install 'django-ihuyi[xlsx]'. CSV files need nothing.")
        return self._ask_for_kind(request, rows, counted=found.is_quick, missing=missing)

    def _ask_for_kind(
        self, request: HttpRequest, rows: QuerySet[Message], *, counted: bool, missing: str = ""
    ) -> HttpResponse:
        paginator = CappedPaginator(rows, 1)
        return self.show(
            request,
            "admin/django_ihuyi/message/export.html",
            _("Export"),
            missing=missing,
            count=paginator.count if counted else None,
            capped=counted and paginator.capped,
            whole=sees_unmasked(request),
            has_xlsx=has_xlsx(),
            xlsx_most=self.xlsx_most,
            back=f"{self.list_of(Message)}?{_query(request)}",
        )

    def _csv(self, request: HttpRequest, rows: QuerySet[Message]) -> HttpResponseBase:
        table = self._table(request, rows, most=None)
        entry = self._log(request, "CSV")
        response = StreamingHttpResponse(_counted(table, entry), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{_name("csv")}"'
        return response

    def _xlsx(self, request: HttpRequest, rows: QuerySet[Message]) -> HttpResponseBase:
        table = self._table(request, rows, most=self.xlsx_most)
        entry = self._log(request, "XLSX")
        try:
            file = xlsx_file(table)
        finally:
            _note(entry, table.count)
        return FileResponse(file, as_attachment=True, filename=_name("xlsx"), content_type=_XLSX_TYPE)

    def _table(self, request: HttpRequest, rows: QuerySet[Message], most: int | None) -> Rows:
        whole = sees_unmasked(request)
        return Rows(rows, whole=whole, texts=whole and "texts" in request.POST, most=most, chunk=self.export_chunk)

    def _log(self, request: HttpRequest, kind: str) -> LogEntry:
        """Say in the admin's log who has exported what, before the first row is read."""
        asked = {name: mask_mobile(str(value)) if name == "q" else value for name, value in request.GET.items()}
        with_texts = sees_unmasked(request) and "texts" in request.POST
        words = " + ".join([kind, *([_("text")] if with_texts else [])])
        return LogEntry.objects.create(
            user_id=request.user.pk or 0,
            content_type=ContentType.objects.get_for_model(Message),
            object_repr=str(capfirst(self.opts.verbose_name_plural)),
            action_flag=CHANGE,
            change_message=_("Exported as %(kind)s: %(filter)s.")
            % {"kind": words, "filter": urlencode(asked, safe="*:+") or _("all")},
        )


def _query(request: HttpRequest) -> str:
    """The list's query without the page in it."""
    asked = request.GET.copy()
    asked.pop("p", None)
    asked.pop("all", None)
    return asked.urlencode()


def _name(ending: str) -> str:
    return f"messages-{timezone.localtime():%Y%m%d-%H%M%S}.{ending}"


def _counted(table: Rows, entry: LogEntry) -> Iterator[bytes]:
    """Send the pieces; whether all were taken or not, the log says in the end how many rows were."""
    try:
        yield from csv_chunks(table)
    finally:
        _note(entry, table.count)


def _note(entry: LogEntry, count: int) -> None:
    rows = _("Rows: %(count)d.") % {"count": count}
    entry.change_message += f" {rows}"
    entry.save(update_fields=["change_message"])
