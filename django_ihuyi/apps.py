"""App configuration: connects checks, the registration receiver and the log filter when Django is ready."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.core import checks
from django.utils.translation import gettext_lazy as _


class IhuyiConfig(AppConfig):
    """SMS through ihuyi."""

    name = "django_ihuyi"
    label = "django_ihuyi"
    verbose_name = _("SMS (ihuyi)")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, listen for new users, hide push tokens in logs."""
        from . import explain_functions, log_filters, registration, tasks  # noqa: F401  tasks are sent by their names
        from .checks import (
            check_broker,
            check_databases,
            check_production,
            check_registration,
            check_settings,
            check_time_zone,
            check_urls,
        )
        from .models.text_check import check_texts

        checks.register(check_settings)
        checks.register(check_registration)
        checks.register(check_urls, checks.Tags.urls)
        checks.register(check_broker)
        checks.register(check_databases)
        checks.register(check_texts, checks.Tags.database)
        checks.register(check_time_zone)
        checks.register(check_production, checks.Tags.security, deploy=True)
        if apps.is_installed("rest_framework"):
            from .contrib import drf

            drf.register()
        explain_functions()
        log_filters.install()
        registration.connect_user_signal()
