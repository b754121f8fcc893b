"""The app's configuration."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from django_ihuyi.hooks import FeatureConfig, PersonalData


class IhuyiOtpConfig(FeatureConfig):
    """Devices that get their tokens by SMS."""

    name = "django_ihuyi.contrib.otp"
    label = "ihuyi_otp"
    verbose_name = _("One-time passwords by SMS (ihuyi)")
    default = True

    def personal_data(self) -> Iterable[PersonalData]:
        """Return the table of devices."""
        from . import erasure

        return erasure.personal_data()
