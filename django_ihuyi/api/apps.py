"""The app's configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from django_ihuyi.hooks import FeatureConfig, MaintenanceStep, PersonalData

if TYPE_CHECKING:
    from django_ihuyi.hooks import Problem


class ApiConfig(FeatureConfig):
    """The REST API."""

    name = "django_ihuyi.api"
    label = "ihuyi_api"
    verbose_name = _("SMS API (ihuyi)")
    default = True
    url_includes = (
        ("api/v1/", "django_ihuyi.api.openapi.urls"),
        ("api/v1/", "django_ihuyi.api.urls"),
    )
    settings_sections: Mapping[str, str] = {"API": "django_ihuyi.api.conf.ApiSettings"}

    def setting_problems(self, raw: Mapping[str, Any], *, deploy: bool) -> Iterable[Problem]:
        """Find what is wrong with ``IHUYI["API"]``."""
        from . import conf

        return () if deploy else conf.setting_problems(raw)

    def maintenance_steps(self) -> Iterable[MaintenanceStep]:
        """Return the deletion of old idempotency keys."""
        from . import cleanup

        return (MaintenanceStep("forgotten", 70, cleanup.delete_old_keys),)

    def personal_data(self) -> Iterable[PersonalData]:
        """Return the table of idempotency keys."""
        from . import cleanup

        return cleanup.personal_data()
