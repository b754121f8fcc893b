"""The app's configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.core import checks
from django.utils.translation import gettext_lazy as _

from django_ihuyi.hooks import AdminAlert, FeatureConfig, MaintenanceStep, PersonalData

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ihuyi.hooks import Problem


class VerificationConfig(FeatureConfig):
    """Verification codes by SMS or call."""

    name = "django_ihuyi.verification"
    label = "ihuyi_verification"
    verbose_name = _("Verification codes (ihuyi)")
    default = True
    settings_sections: Mapping[str, str] = {"VERIFICATION": "django_ihuyi.verification.conf.VerificationSettings"}

    def ready(self) -> None:
        """Send codes to new users, and register the checks of what packages of others make of our codes."""
        from django_ihuyi.contrib.checks import check_allauth, check_second_factors

        from . import registration

        checks.register(check_allauth)
        checks.register(check_second_factors)
        registration.connect_user_signal()

    def setting_problems(self, raw: Mapping[str, Any], *, deploy: bool) -> Iterable[Problem]:
        """Find what is wrong with ``IHUYI["VERIFICATION"]``."""
        from . import conf

        return conf.production_problems() if deploy else conf.setting_problems(raw)

    def admin_alerts(self, request: HttpRequest) -> Iterable[AdminAlert]:
        """Tell while SMS bombing of the whole site is suspected."""
        from .admin.abuse_alert import alerts

        return alerts()

    def maintenance_steps(self) -> Iterable[MaintenanceStep]:
        """Return the look for SMS bombing, and the deletion of old codes and limits."""
        from . import abuse_detection, cleanup

        return (
            MaintenanceStep("suspected", 60, lambda now, _most: (abuse_detection.evaluate(now), False)),
            MaintenanceStep("forgotten", 70, cleanup.delete_expired),
        )

    def personal_data(self) -> Iterable[PersonalData]:
        """Return the tables of codes and of limits."""
        from . import cleanup

        return cleanup.personal_data()
