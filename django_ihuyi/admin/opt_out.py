"""Admin pages of opt-outs. They are added and removed, never edited."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_ihuyi.exceptions import InvalidMessage
from django_ihuyi.forms import MobileInput
from django_ihuyi.gateway.products import normalize_any
from django_ihuyi.models import OptOut, Reply

from . import display
from .filters import DayFilter
from .mobile_search import NumberAdmin


class OptOutForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """Takes a number of any country as people write it: a reply can opt out a number abroad, so staff can, too."""

    mobile = forms.CharField(label=_("mobile"), widget=MobileInput)

    class Meta:
        model = OptOut
        fields = ("mobile", "reason")

    def clean_mobile(self) -> str:
        """Return the number in the form of the record.

        Raises:
            ValidationError: It is no number that a message can go to.
        """
        try:
            return normalize_any(self.cleaned_data["mobile"])
        except InvalidMessage as error:
            raise ValidationError(
                _("This is not a mobile number. Outside of mainland China, write it with + and its country code."),
                code=str(error.code),
            ) from error


@admin.register(OptOut)
class OptOutAdmin(NumberAdmin[OptOut]):
    """Who gets no marketing text."""

    form = OptOutForm
    list_filter = (("created_at", DayFilter),)
    list_display_links = ("id",)
    lookups = frozenset({"created_at__gte", "created_at__lt"})
    dated_by = "created_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may note an opt-out."""
        return request.user.has_perm("django_ihuyi.add_optout")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether somebody may take an opt-out back."""
        return request.user.has_perm("django_ihuyi.delete_optout")

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the columns for this reader."""
        return ("id", self.mobile_column(request), "since", "reason")

    def get_fieldsets(self, request: HttpRequest, obj: OptOut | None = None) -> Any:  # noqa: ANN401  Django's own
        """Return the parts of the page for this reader; a new one is typed, not masked."""
        fields: tuple[str, ...] = (
            ("mobile", "reason") if obj is None else (self.mobile_column(request), "since", "reason")
        )
        if obj is not None and obj.reply_id is not None:
            fields += ("reply_link" if request.user.has_perm("django_ihuyi.view_reply") else "reply_number",)
        return ((None, {"fields": fields}),)

    @admin.display(description=_("since"))
    def since(self, opt_out: OptOut) -> SafeString | str:
        """Show since when."""
        return display.time(opt_out.created_at)

    @admin.display(description=_("reply"))
    def reply_link(self, opt_out: OptOut) -> SafeString:
        """Show the reply that asked for it, as a link."""
        return display.link(self.page_of(Reply(pk=opt_out.reply_id)), self.reply_number(opt_out))

    @admin.display(description=_("reply"))
    def reply_number(self, opt_out: OptOut) -> str:
        """Show the reply that asked for it."""
        return str(Reply(pk=opt_out.reply_id))
