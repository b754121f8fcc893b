"""The admin's pages, and plain Django's list of the same table beside them."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from django_ihuyi.models import Message


class PlainAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """What somebody writes in two minutes: the columns and filters of ours, and everything else as Django has it."""

    list_display = (
        "id",
        "status",
        "mobile",
        "code",
        "created_at",
        "submitted_at",
        "accepted_at",
        "reported_at",
        "category",
        "smsid",
        "segments",
    )
    list_filter = ("status", "category", "account", "created_at", "code")
    search_fields = ("=mobile", "=smsid")
    date_hierarchy = "created_at"
    raw_id_fields = ("batch", "resend_of")


plain = admin.AdminSite(name="plain")
plain.register(Message, PlainAdmin)

urlpatterns = [path("admin/", admin.site.urls), path("plain/", plain.urls)]
