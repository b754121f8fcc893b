"""Devices in the admin, where staff give a user one."""

from __future__ import annotations

from django.contrib import admin

from .models import SmsDevice


@admin.register(SmsDevice)
class SmsDeviceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic for type checkers only
    """A device's page shows the whole number, since it is entered there; the list shows none."""

    list_display = ("user", "name", "confirmed")
    raw_id_fields = ("user",)
    fields = ("user", "name", "mobile", "confirmed")
