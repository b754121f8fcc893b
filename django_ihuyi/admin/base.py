"""Base classes of the admin pages: read-only, fast on large tables, no filters on masked fields by URL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_ihuyi.hooks import AdminAlert, features
from django_ihuyi.models import Message

from . import display
from .pagination import CappedPaginator, NewestFirst

_Row = TypeVar("_Row", bound=Model)
_KEY = re.compile("[0-9]{1,18}")
"""A row's key that a database can hold."""

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin
else:

    class _ModelAdmin(admin.ModelAdmin, Generic[_Row]):
        """Django's own class takes no parameter at run time."""


class Tool(NamedTuple):
    """A link above a row's page."""

    url: str
    name: str


def is_on_a_rows_page(action_location: object) -> bool:
    """Whether Django asks for the actions of a row's own page, as 6.1 and newer do; earlier ones say nothing."""
    return getattr(action_location, "name", "") == "CHANGE_FORM"


def feature_alerts(request: HttpRequest) -> list[AdminAlert]:
    """Return what the installed features have staff told, in their order.

    Args:
        request: The request for a page, of somebody who may see it.
    """
    return [alert for feature in features() for alert in feature.admin_alerts(request)]


class Views:
    """Views of their own on the pages of a table, under names that begin with ``name``."""

    name: ClassVar[str]

    def __init__(self, pages: ReadOnlyAdmin[Any]) -> None:
        self.pages = pages
        self.site = pages.admin_site

    def url(self, more: str = "", *args: object) -> str:
        """Return a view's address.

        Args:
            more: How its name ends.
            *args: What its address holds.
        """
        return reverse(f"admin:{self.name}{more}", args=args, current_app=self.site.name)


class ReadOnlyAdmin(_ModelAdmin[_Row]):
    """Pages of a table that only the software writes."""

    lookups: ClassVar[frozenset[str]] = frozenset()
    """What an address may ask for. Anything else is refused: ``?mobile__startswith=`` would undo the mask."""
    not_listed: ClassVar[tuple[str, ...]] = ()
    """Columns that the list does not read."""
    dated_by: ClassVar[str] = ""
    """The time that the list's filter of days asks for, where there is one."""
    timed: ClassVar[frozenset[str]] = frozenset()
    """Which other lookups are answered in the order of that time, because their index goes on with it."""
    scanned: ClassVar[frozenset[str]] = frozenset()
    """Which lookups no index answers: only the newest rows are looked through for them."""

    # None, not empty: a site's own actions for all models, such as an export, know nothing of masks.
    actions: Any = None
    empty_value_display = display.EMPTY
    paginator = CappedPaginator
    list_per_page = 50
    ordering = ("-id",)
    sortable_by = ()
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    class Media:
        css = {"all": ("django_ihuyi/admin.css",)}

    def __init__(self, model: type[_Row], admin_site: admin.AdminSite) -> None:
        """Take the templates of the core where the page's own app has none: Django looks for that app's label only."""
        super().__init__(model, admin_site)
        # The stubs declare both as variables of the class; a page's label is known here only.
        self.change_list_template = self.change_list_template or self._templates("change_list.html")  # type: ignore[misc]
        self.change_form_template = self.change_form_template or self._templates("change_form.html")  # type: ignore[misc]

    def _templates(self, name: str) -> list[str]:
        label = self.opts.app_label
        return [f"admin/{label}/{self.opts.model_name}/{name}", f"admin/{label}/{name}", f"admin/django_ihuyi/{name}"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes."""
        return False

    def get_actions(self, request: HttpRequest, action_location: object = None) -> dict[str, Any]:
        """Return what can be done to chosen rows: nothing, unless a page says otherwise.

        Args:
            request: The request.
            action_location: Where Django 6.1 and newer show them (:func:`is_on_a_rows_page`).
        """
        return {}

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Whether an address may ask for this."""
        return lookup in self.lookups

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[NewestFirst]:  # noqa: ANN401  Django's own
        """Return the kind of list."""
        return NewestFirst

    def response_action(
        self,
        request: HttpRequest,
        queryset: QuerySet[_Row],
        action_location: Any = None,  # noqa: ANN401  what Django 6.1 and newer have
    ) -> Any:  # noqa: ANN401  what the action returns
        """Do what was chosen to rows that were chosen by their keys; what is no key chooses nothing."""
        if not all(map(_KEY.fullmatch, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            self.message_user(request, gettext("None of the rows is there any more."), messages.WARNING)
            return None
        where = {} if action_location is None else {"action_location": action_location}
        return super().response_action(request, queryset, **where)

    def get_urls(self) -> list[URLPattern]:
        """Add the pages that features have below this list."""
        return [*(url for feature in features() for url in feature.admin_urls(self)), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, under the rows' name instead of "Select ... to view", with links to pages of features."""
        # Links are looked up in this admin site.
        request.current_app = self.admin_site.name
        label = self.opts.label_lower
        own = {
            "title": capfirst(self.opts.verbose_name_plural),
            "feature_links": [link for feature in features() for link in feature.admin_links(request, label)],
        }
        return super().changelist_view(request, {**own, **(extra_context or {})})

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: _Row | None = None,
    ) -> HttpResponse:
        """Show one row, under its name and number."""
        if obj is not None:
            context["title"] = f"{capfirst(self.opts.verbose_name)} {obj.pk}"
            context["subtitle"] = None
            context |= self.shown_beside(request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def shown_beside(self, request: HttpRequest, row: _Row) -> dict[str, Any]:
        """Return what a row's page shows beside its fields, by the names that the page's template has for it.

        Args:
            request: Whose user looks.
            row: What at.
        """
        return {"tools": self.tools(request, row)}

    def tools(self, request: HttpRequest, row: _Row) -> list[Tool]:
        """Return where this person may go from a row's page, besides its history."""
        return []

    def show(
        self,
        request: HttpRequest,
        template: str,
        title: object,
        /,
        *,
        below: Sequence[tuple[object, str]] | None = None,
        **context: Any,  # noqa: ANN401  what the template shows
    ) -> HttpResponse:
        """Show a page of one's own in the admin's frame.

        Args:
            request: The request.
            template: The template's name.
            title: The page's title.
            below: Names and addresses of the pages that it lies below in the app's; None: the table's list.
            **context: What else the template shows.
        """
        app = reverse("admin:app_list", args=[self.opts.app_label], current_app=self.admin_site.name)
        own = (capfirst(self.opts.verbose_name_plural), self.list_of(self.model))
        frame = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "media": self.media,
            "crumbs": [(self.opts.app_config.verbose_name, app), *([own] if below is None else below)],
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, template, {**frame, **context})

    def page_of(self, row: Model) -> str:
        """Return the address of a row's page."""
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
        return reverse(name, args=[row.pk], current_app=self.admin_site.name)

    def list_of(self, model: type[Model]) -> str:
        """Return the address of a model's list."""
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        return reverse(name, current_app=self.admin_site.name)


class WithMessageAdmin(ReadOnlyAdmin[_Row]):
    """Read-only pages of a table whose rows belong to a message."""

    def message_column(self, request: HttpRequest) -> str:
        """Return the name of the column with the message: a link for those who may follow it."""
        return "message_link" if request.user.has_perm("django_ihuyi.view_message") else "message_number"

    @admin.display(description=_("message"))
    def message_link(self, row: Any) -> SafeString | str:  # noqa: ANN401  a push, a code, a delivery
        """Show the message that a row belongs to, as a link."""
        number = self.message_number(row)
        return number if row.message_id is None else display.link(self.page_of(Message(pk=row.message_id)), number)

    @admin.display(description=_("message"))
    def message_number(self, row: Any) -> SafeString | str:  # noqa: ANN401  a push, a code, a delivery
        """Show the message that a row belongs to."""
        return self.without_message() if row.message_id is None else f"SMS {row.message_id}"

    def without_message(self) -> SafeString | str:
        """Return what is shown where there is none."""
        return display.EMPTY
