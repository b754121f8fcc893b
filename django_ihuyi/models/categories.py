"""What messages are for; decides their queue."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Category(models.TextChoices):
    """What a message is for."""

    VERIFICATION = "verification", _("verification")
    NOTIFICATION = "notification", _("notification")
    MARKETING = "marketing", _("marketing")
