"""Orders in the admin."""

from __future__ import annotations

from django.contrib import admin

from .models import Order


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic for type checkers only
    """Orders; shipping has its button on the site, since it sends a text."""

    list_display = ("__str__", "person", "goods", "ordered_at", "shipped_at")
    list_filter = ("goods",)
    list_select_related = ("person",)
    readonly_fields = ("shipped_at",)
