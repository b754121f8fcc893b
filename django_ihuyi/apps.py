"""The app's configuration: checks and the registration receiver, connected when Django is ready."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class IhuyiConfig(AppConfig):
    """SMS through ihuyi."""

    name = "django_ihuyi"
    label = "django_ihuyi"
    verbose_name = _("SMS (ihuyi)")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, listen for new users and for what other systems are to hear."""
        from . import explain_functions, registration
        from .checks import (
            check_broker,
            check_databases,
            check_production,
            check_registration,
            check_settings,
            check_urls,
        )
        from .contrib.checks import check_allauth
        from .models import outbox
        from .webhooks import publishing

        checks.register(check_settings)
        checks.register(check_registration)
        checks.register(check_urls, checks.Tags.urls)
        checks.register(check_broker)
        checks.register(check_databases)
        checks.register(check_allauth)
        checks.register(check_production, checks.Tags.security, deploy=True)
        explain_functions()
        registration.connect()
        outbox.recorded.connect(publishing.publish_recorded, dispatch_uid="django_ihuyi.webhooks")
