"""People in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.utils.translation import gettext_lazy as _

from .forms import PersonCreationForm
from .models import Person


@admin.register(Person)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]  # generic for type checkers only
    """Django's own user admin, with the number instead of a user name."""

    add_form = PersonCreationForm
    list_display = ("__str__", "is_staff", "is_active", "joined_at")
    list_filter = ("is_staff", "is_active")
    search_fields = ("mobile",)
    ordering = ("-joined_at",)
    fieldsets = (
        (None, {"fields": ("mobile", "password")}),
        (_("Permissions"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Dates"), {"fields": ("last_login", "joined_at")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("mobile", "usable_password", "password1", "password2")}),)
