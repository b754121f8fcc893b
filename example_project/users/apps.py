"""The app's configuration."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    """People who signed up."""

    name = "example_project.users"
    label = "users"
    verbose_name = _("users")
