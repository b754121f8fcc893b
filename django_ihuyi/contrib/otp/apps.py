"""The app's configuration."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IhuyiOtpConfig(AppConfig):
    """Devices that get their tokens by SMS."""

    name = "django_ihuyi.contrib.otp"
    label = "django_ihuyi_otp"
    verbose_name = _("One-time passwords by SMS (ihuyi)")
    default_auto_field = "django.db.models.BigAutoField"
