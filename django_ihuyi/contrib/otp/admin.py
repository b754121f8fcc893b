"""Admin pages of SMS devices. Numbers are masked and views are logged."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_ihuyi.admin.field_masking import sees_unmasked
from django_ihuyi.admin.mobile_search import NumberAdmin
from django_ihuyi.external_text import clean

from .models import SmsDevice


@admin.register(SmsDevice)
class SmsDeviceAdmin(NumberAdmin[SmsDevice]):
    """Whose devices there are. A number is typed once and not changed: another number is another device."""

    list_display_links = ("id",)
    list_filter = ("confirmed",)
    list_select_related = ("user",)
    lookups = frozenset({"confirmed__exact"})
    raw_id_fields = ("user",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may give a user a device."""
        return request.user.has_perm("ihuyi_otp.add_smsdevice")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether somebody may rename a device, or take it for confirmed or not."""
        return request.user.has_perm("ihuyi_otp.change_smsdevice")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether somebody may take a device away."""
        return request.user.has_perm("ihuyi_otp.delete_smsdevice")

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the columns for this reader."""
        return ("id", self._owner_column(request), self.mobile_column(request), "name", "confirmed")

    def get_fieldsets(self, request: HttpRequest, obj: SmsDevice | None = None) -> Any:  # noqa: ANN401  Django's own
        """Return the parts of the page for this reader; a new number is typed, not masked."""
        if obj is None:
            return ((None, {"fields": ("user", "name", "mobile", "confirmed")}),)
        return ((None, {"fields": (*self._shown(request), "name", "confirmed")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: SmsDevice | None = None) -> tuple[str, ...]:
        """Return what is not changed once a device is there."""
        return () if obj is None else self._shown(request)

    def _shown(self, request: HttpRequest) -> tuple[str, str]:
        return self._owner_column(request), self.mobile_column(request)

    def _owner_column(self, request: HttpRequest) -> str:
        return "whole_owner" if sees_unmasked(request) else "masked_owner"

    @admin.display(description=_("user"))
    def whole_owner(self, device: SmsDevice) -> str:
        """Show whose it is."""
        return str(device.user)

    @admin.display(description=_("user"))
    def masked_owner(self, device: SmsDevice) -> str:
        """Show whose it is; many sites name their users by the number."""
        return clean(str(device.user), mobile=device.mobile)
